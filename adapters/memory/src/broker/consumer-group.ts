import type { Subscription } from '@waybill/core/contracts'
import type { BrokerRecord } from './broker-record.ts'
import { PartitionCursor } from './partition-cursor.ts'
import type { Timer } from './timer.ts'

/** What a group needs to know of a member. */
export interface Member {
  readonly subscription: Subscription
  /** There may be something to deliver. */
  wake(): void
}

/** Divides partitions among members, and gives them anew whenever one joins or leaves. */
export class ConsumerGroup {
  readonly #partitions: (topic: string) => readonly (readonly BrokerRecord[])[]
  readonly #timer: Timer
  readonly #members: Member[] = []
  readonly #cursors = new Map<string, PartitionCursor<Member>[]>()
  #turn = 0

  constructor(partitions: (topic: string) => readonly (readonly BrokerRecord[])[], timer: Timer) {
    this.#partitions = partitions
    this.#timer = timer
  }

  join(member: Member): void {
    this.#members.push(member)
    for (const topic of member.subscription.topics) {
      if (this.#cursors.has(topic)) continue
      this.#cursors.set(
        topic,
        this.#partitions(topic).map((records) => new PartitionCursor(records, this.#timer)),
      )
    }
    this.#assign()
  }

  leave(member: Member): void {
    const index = this.#members.indexOf(member)
    if (index < 0) return
    this.#members.splice(index, 1)
    this.#assign()
  }

  /** Takes every partition away and gives it to the next member, or again to the only one. */
  rebalance(): void {
    this.#turn++
    for (const cursor of this.#allCursors()) cursor.giveTo(null)
    this.#assign()
  }

  /** Delivers a record once more if it has been delivered. */
  redeliver(record: BrokerRecord): void {
    this.#cursors.get(record.topic)?.[record.partition]?.redeliver(record)
    this.wake()
  }

  wake(): void {
    for (const member of this.#members) member.wake()
  }

  cursorsOf(member: Member): readonly PartitionCursor<Member>[] {
    return this.#allCursors().filter((cursor) => cursor.owner === member)
  }

  #allCursors(): readonly PartitionCursor<Member>[] {
    return [...this.#cursors.values()].flat()
  }

  #assign(): void {
    for (const [topic, cursors] of this.#cursors) {
      const candidates = this.#members.filter((member) => member.subscription.topics.includes(topic))
      for (const [partition, cursor] of cursors.entries()) {
        const owner = candidates[(partition + this.#turn) % candidates.length] ?? null
        if (cursor.owner !== owner) cursor.giveTo(owner)
      }
    }
    this.wake()
  }
}
