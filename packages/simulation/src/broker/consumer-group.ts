import type { Delivery, Disposition } from '@waybill/core/contracts'
import type { Random } from '../random.ts'
import type { Actor } from '../scheduler/actor.ts'
import type { BrokerLog, LogEntry } from './broker-log.ts'
import { Partition } from './partition.ts'

/** A process in a group. */
export interface Member {
  readonly actor: Actor
  readonly maxInFlight: number
  readonly handle: (delivery: Delivery) => Promise<Disposition>
  paused: boolean
  inFlight: number
  /** Handed to the process, not yet to its handler: a connection keeps its order. */
  readonly inbound: (() => void)[]
}

export interface ConsumerGroupOptions {
  readonly log: BrokerLog
  readonly topics: readonly string[]
  /** The broker's own process. */
  readonly broker: Actor
  readonly random: Random
  /** A member has said that a message shall never be delivered again. */
  readonly onRejected: (messageId: string) => void
  readonly note: (line: string) => void
}

/**
 * The broker's side of a consumer group, as a log has it: partitions in order, each to one member; offsets that are
 * acknowledged as a prefix; rebalances that take partitions away from whoever still works on them.
 */
export class ConsumerGroup {
  readonly #options: ConsumerGroupOptions
  readonly #members = new Set<Member>()
  readonly #partitions: readonly Partition[]

  constructor(options: ConsumerGroupOptions) {
    this.#options = options
    this.#partitions = options.log.partitionsOf(options.topics).map((name) => new Partition(name))
  }

  /** Everything has been acknowledged. */
  get isQuiet(): boolean {
    return this.#partitions.every(
      ({ name, committed, inFlight }) => inFlight.size === 0 && committed === this.#options.log.lengthOf(name),
    )
  }

  join(member: Member): void {
    this.#members.add(member)
    this.rebalance()
  }

  leave(member: Member): void {
    if (this.#members.delete(member)) this.rebalance()
  }

  has(member: Member): boolean {
    return this.#members.has(member)
  }

  /** Deals all partitions out anew. */
  rebalance(): void {
    const { random, note } = this.#options
    const members = [...this.#members]
    const first = random.integer(Math.max(1, members.length))
    note(`the group is dealt out to ${members.map(({ actor }) => actor.name).join(' ') || 'nobody'}`)
    for (const [index, partition] of this.#partitions.entries()) {
      const owner = members[(first + index) % members.length] ?? null
      if (owner !== partition.owner) this.#reassign(partition, owner)
    }
    this.deliver()
  }

  /** Hands out what can be handed out. */
  deliver(): void {
    for (const partition of this.#partitions) {
      const member = partition.owner
      while (member !== null && !member.paused && member.inFlight < member.maxInFlight) {
        const offset = partition.takeNext(this.#options.log.lengthOf(partition.name))
        if (offset === null) break
        this.#handOver(partition, offset, member)
      }
    }
  }

  #reassign(partition: Partition, owner: Member | null): void {
    const { random } = this.#options
    const { owner: before } = partition
    const signals = partition.revoke(random.chance(0.3) ? random.between(1, 3) : 0)
    partition.owner = owner
    if (before === null) return
    before.inFlight -= signals.length
    const reason = new Error(`Partition ${partition.name} was taken away`)
    before.actor.enqueue(`loses ${partition.name}`, () => {
      for (const signal of signals) signal.abort(reason)
    })
  }

  #handOver(partition: Partition, offset: number, member: Member): void {
    const entry = this.#options.log.entry(partition.name, offset)
    if (entry === undefined) return
    const controller = new AbortController()
    partition.inFlight.set(offset, controller)
    member.inFlight++
    const { generation } = partition
    const redelivered = partition.deliver(offset)
    receive(member, () => {
      this.#options.note(`${member.actor.name} gets '${entry.message.id}'`)
      const delivery = { ...deliveryOf(entry, partition.name, controller.signal), redelivered }
      member.handle(delivery).then(
        (disposition) => this.#answered(partition, { entry, generation, member }, disposition),
        () => this.#answered(partition, { entry, generation, member }, { type: 'retry', delayMs: 0 }),
      )
    })
  }

  #answered(
    partition: Partition,
    { entry, generation, member }: { readonly entry: LogEntry; readonly generation: number; readonly member: Member },
    disposition: Disposition,
  ): void {
    const { broker, onRejected, note } = this.#options
    if (!member.actor.alive) return
    broker.enqueue(`hears ${disposition.type} of '${entry.message.id}' from ${member.actor.name}`, () => {
      if (disposition.type === 'reject') onRejected(entry.message.id)
      if (partition.generation !== generation) return note('which is in vain')
      member.inFlight--
      if (disposition.type === 'retry') this.#redeliver(partition, entry.offset, disposition.delayMs)
      else partition.acknowledge(entry.offset)
      this.deliver()
    })
  }

  #redeliver(partition: Partition, offset: number, delayMs: number): void {
    partition.giveBack(offset)
    const { generation } = partition
    this.#options.broker.runtime.setTimeout(() => {
      if (partition.generation !== generation) return
      partition.redeliver(offset)
      this.deliver()
    }, delayMs)
  }
}

function receive(member: Member, delivery: () => void): void {
  member.inbound.push(delivery)
  member.actor.enqueue('receives', () => member.inbound.shift()?.())
}

function deliveryOf(
  { message, offset }: LogEntry,
  partition: string,
  signal: AbortSignal,
): Omit<Delivery, 'redelivered'> {
  return {
    raw: { body: message.payload, headers: message.headers },
    message,
    source: { topic: message.topic, partition, position: String(offset) },
    signal,
  }
}
