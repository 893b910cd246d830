import type { Message } from '@waybill/core/contracts'
import { checkNoDuplicate, checkNoPhantom } from '../invariants/acceptance.ts'
import { checkOrder } from '../invariants/order.ts'
import type { Referee } from '../referee.ts'

/** A message as the broker keeps it. */
export interface LogEntry {
  readonly message: Message
  readonly offset: number
}

const partitionCount = 3

/** What the broker has accepted, by topic and partition. The one place where acceptance happens, and is judged. */
export class BrokerLog {
  readonly partitions: Map<string, LogEntry[]> = new Map()
  /** Called after each acceptance. */
  onAccepted: () => void = () => undefined
  readonly #referee: Referee
  readonly #mayRepeat: () => boolean

  /** @param mayRepeat - Something has gone wrong that excuses duplicates. */
  constructor(referee: Referee, mayRepeat: () => boolean) {
    this.#referee = referee
    this.#mayRepeat = mayRepeat
  }

  accept(message: Message, from: string): void {
    const { history } = this.#referee
    this.#referee.note(`broker accepts '${message.id}' from ${from}`)
    this.#referee.check(() => {
      const known = history.known(message.id)
      checkNoPhantom(known, message)
      known.acceptances++
      if (known.acceptances === 1) {
        known.firstAcceptedAt = ++history.tick
        checkOrder(history, known)
      } else if (!this.#mayRepeat()) {
        checkNoDuplicate(known)
      }
    })
    const name = partitionOf(message)
    const entries = this.partitions.get(name) ?? []
    this.partitions.set(name, entries)
    entries.push({ message, offset: entries.length })
    this.onAccepted()
  }

  /** Partitions of these topics, whether something is in them or not. */
  partitionsOf(topics: readonly string[]): readonly string[] {
    return topics.flatMap((topic) => Array.from({ length: partitionCount }, (_, index) => `${topic}/${index}`))
  }

  lengthOf(partition: string): number {
    return this.partitions.get(partition)?.length ?? 0
  }

  entry(partition: string, offset: number): LogEntry | undefined {
    return this.partitions.get(partition)?.[offset]
  }
}

function partitionOf(message: Message): string {
  let hash = 7
  for (const character of message.orderingKey ?? message.id) hash = (hash * 31 + character.charCodeAt(0)) % 1_000_003
  return `${message.topic}/${hash % partitionCount}`
}
