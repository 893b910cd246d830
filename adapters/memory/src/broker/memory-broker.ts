import type { Message, RawDelivery } from '@waybill/core/contracts'
import { laneOf } from '@waybill/core/lanes'
import { type BrokerRecord, type RejectedRecord, rawOf, travelling } from './broker-record.ts'
import { ConsumerGroup } from './consumer-group.ts'
import type { OnPublish } from './publish-script.ts'
import { systemTimer, type Timer } from './timer.ts'

export interface MemoryBrokerOptions {
  /** Partitions of each topic. @default 4 */
  readonly partitions?: number
  /** Tells when a delayed retry or a late arrival is due. @default setTimeout */
  readonly timer?: Timer
}

/**
 * A broker in memory: topics are logs in partitions, consumer groups keep an offset in each. Publishers and consumers that
 * are given the same broker reach each other.
 */
export class MemoryBroker {
  readonly timer: Timer
  /** What arrived, in the order in which it arrived, duplicates included. */
  readonly log: readonly BrokerRecord[]
  /** What consumers rejected, in that order. */
  readonly deadLetters: readonly RejectedRecord[]
  /** Decides what becomes of each message; `null` accepts all. */
  onPublish: OnPublish | null = null
  readonly #log: BrokerRecord[] = []
  readonly #deadLetters: RejectedRecord[] = []
  readonly #partitions: number
  readonly #topics = new Map<string, BrokerRecord[][]>()
  readonly #groups = new Map<string, ConsumerGroup>()

  constructor(options: MemoryBrokerOptions = {}) {
    this.timer = options.timer ?? systemTimer
    this.#partitions = options.partitions ?? 4
    this.log = this.#log
    this.deadLetters = this.#deadLetters
  }

  /** Appends a message, as its arrival does. */
  append(message: Message): void {
    const contents = travelling(message)
    this.#append(contents.topic, rawOf(contents), contents)
  }

  /** Appends what another program may have written: something that is no message of ours. */
  appendForeign(topic: string, raw: RawDelivery): void {
    this.#append(topic, raw)
  }

  /** Takes the partitions of a group from their members and gives them elsewhere, where that is possible. */
  rebalance(group: string): void {
    this.#groups.get(group)?.rebalance()
  }

  /** Delivers a message again to every group that has had it, as after a lost acknowledgement. */
  redeliver(id: string): void {
    const records = this.#log.filter((record) => record.message?.id === id)
    for (const record of records) for (const group of this.#groups.values()) group.redeliver(record)
  }

  /** For consumers: the group of that name. */
  group(name: string): ConsumerGroup {
    const group = this.#groups.get(name) ?? new ConsumerGroup((topic) => this.#topic(topic), this.timer)
    this.#groups.set(name, group)
    return group
  }

  /** For consumers: puts a record among the dead letters. */
  reject(rejected: RejectedRecord): void {
    this.#deadLetters.push(rejected)
  }

  #append(topic: string, raw: RawDelivery, message?: Message): void {
    const partitions = this.#topic(topic)
    const partition = laneOf(raw.key ?? '') % partitions.length
    const records = partitions[partition] ?? []
    const record = { topic, partition, offset: records.length, raw, ...(message === undefined ? {} : { message }) }
    records.push(record)
    this.#log.push(record)
    for (const group of this.#groups.values()) group.wake()
  }

  #topic(name: string): BrokerRecord[][] {
    const topic = this.#topics.get(name) ?? Array.from({ length: this.#partitions }, (): BrokerRecord[] => [])
    this.#topics.set(name, topic)
    return topic
  }
}

/** Makes an empty broker. */
export function memoryBroker(options?: MemoryBrokerOptions): MemoryBroker {
  return new MemoryBroker(options)
}
