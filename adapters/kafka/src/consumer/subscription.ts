import { once } from 'node:events'
import type { ActiveSubscription, Delivery, Disposition, Subscription } from '@waybill/core/contracts'
import type { IncomingRecord, TopicPartition } from '../client/client.ts'
import { toDelivery } from './delivery.ts'
import type { Membership, MembershipListener } from './membership.ts'
import { PartitionLog, type Taken } from './partition-log.ts'

/** What a subscription is told of its consumer's options. */
export interface SubscriptionTerms extends Subscription {
  readonly commitIntervalMs: number
  /** The topics by their names in Kafka. */
  readonly names: ReadonlyMap<string, string>
}

export type Handle = (delivery: Delivery) => Promise<Disposition>

/** Records of a partition that wait in memory before it is paused, as a multiple of `maxInFlight`. */
const pauseAbove = 4

/** Hands records to the handler up to `maxInFlight`, and commits what has been handled. */
export class KafkaSubscription implements ActiveSubscription, MembershipListener {
  readonly #terms: SubscriptionTerms
  readonly #handle: Handle
  readonly #logs = new Map<string, PartitionLog>()
  readonly #inFlight = new Map<Promise<void>, PartitionLog>()
  readonly #closed: PromiseWithResolvers<void> = Promise.withResolvers()
  #membership: Membership | undefined
  #commitTimer: NodeJS.Timeout | undefined
  #committing: Promise<void> = Promise.resolve()
  #disposal: Promise<void> | undefined
  #paused = false
  #ended = false

  constructor(terms: SubscriptionTerms, handle: Handle) {
    this.#terms = terms
    this.#handle = handle
    this.#closed.promise.catch(() => undefined)
  }

  get closed(): Promise<void> {
    return this.#closed.promise
  }

  /** Joins the group. @throws what {@link Membership.begin} does. */
  async begin(membership: Membership): Promise<void> {
    this.#membership = membership
    await membership.begin()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#deliverAll()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose()
    return this.#disposal
  }

  assigned(partitions: readonly TopicPartition[]): void {
    const ours = new Set(partitions.map(nameOf))
    for (const [name, log] of this.#logs) if (!ours.has(name)) this.#revoke(name, log)
    for (const source of partitions) {
      const log = this.#logs.get(nameOf(source)) ?? new PartitionLog(source, this.#terms.maxInFlight)
      this.#logs.set(nameOf(source), log)
      // A client forgets what was paused when the group is divided anew.
      if (log.isPaused) this.#membership?.link?.pause(source)
    }
    this.#scheduleCommit()
  }

  revoked(): void {
    for (const [name, log] of this.#logs) this.#revoke(name, log)
  }

  received(source: TopicPartition, records: readonly IncomingRecord[]): void {
    const log = this.#logs.get(nameOf(source))
    if (log === undefined || this.#ended) return
    log.push(records)
    this.#deliverAll()
    this.#regulate(log)
  }

  failed(error: Error): void {
    if (this.#ended) return
    this.#ended = true
    this.#closed.reject(error)
  }

  get #hasRoom(): boolean {
    return !this.#ended && !this.#paused && this.#inFlight.size < this.#terms.maxInFlight
  }

  /** One record of each partition in turn, so that a long partition leaves room for the others. */
  #deliverAll(): void {
    for (let found = true; found; ) {
      found = false
      for (const log of this.#logs.values()) {
        const taken = this.#hasRoom ? log.take() : undefined
        if (taken === undefined) continue
        found = true
        this.#deliver(log, taken)
      }
    }
  }

  #deliver(log: PartitionLog, taken: Taken): void {
    const work = this.#disposition(toDelivery(log, taken, this.#terms.names)).then((disposition) => {
      this.#inFlight.delete(work)
      if (!log.signal.aborted) this.#settle(log, taken.record, disposition)
      this.#deliverAll()
      this.#regulate(log)
    })
    this.#inFlight.set(work, log)
  }

  async #disposition(delivery: Delivery): Promise<Disposition> {
    try {
      return await this.#handle(delivery)
    } catch {
      // The contract: a handler that rejects wants the delivery again.
      return { type: 'retry', delayMs: 0 }
    }
  }

  #settle(log: PartitionLog, { offset }: IncomingRecord, disposition: Disposition): void {
    if (disposition.type === 'retry') {
      const due = log.retry(offset)
      setTimeout(() => {
        due()
        this.#deliverAll()
      }, disposition.delayMs)
      return
    }
    log.finish(offset)
    this.#scheduleCommit()
  }

  /** Fetches no more of a partition of which enough waits. */
  #regulate(log: PartitionLog): void {
    const { maxInFlight } = this.#terms
    const link = this.#membership?.link
    // Before the membership stands there is nothing to be paused; with the next records there is.
    if (link === undefined) return
    if (!log.isPaused && log.waiting > maxInFlight * pauseAbove) {
      log.isPaused = true
      link.pause(log.source)
    } else if (log.isPaused && log.waiting <= maxInFlight) {
      log.isPaused = false
      link.resume(log.source)
    }
  }

  #scheduleCommit(): void {
    this.#commitTimer ??= setTimeout(() => {
      this.#commitTimer = undefined
      this.#committing = this.#committing.then(() => this.#commit())
    }, this.#terms.commitIntervalMs)
  }

  /** A commit that fails is made up for by a later one; at worst records come again, which the inbox knows. */
  async #commit(): Promise<void> {
    const moved = [...this.#logs.values()].flatMap((log) => {
      const offset = log.position()
      return offset === undefined ? [] : [{ log, ...log.source, offset }]
    })
    const link = this.#membership?.link
    if (moved.length === 0 || link === undefined) return
    try {
      await link.commit(moved.map(({ topic, partition, offset }) => ({ topic, partition, offset })))
      for (const { log, offset } of moved) log.committed(offset)
    } catch {
      if (!this.#ended) this.#scheduleCommit()
    }
  }

  /** What has been taken away meanwhile is not waited for: its disposition is of no use any more. */
  async #dispose(): Promise<void> {
    const hadFailed = this.#ended
    this.#ended = true
    const ours = [...this.#inFlight].map(([work, { signal }]) => Promise.race([work, untilAborted(signal)]))
    await Promise.all(ours)
    clearTimeout(this.#commitTimer)
    this.#committing = this.#committing.then(() => this.#commit())
    await this.#committing
    await this.#membership?.close()
    this.revoked()
    if (!hadFailed) this.#closed.resolve()
  }

  #revoke(name: string, log: PartitionLog): void {
    this.#logs.delete(name)
    log.revoke()
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}
