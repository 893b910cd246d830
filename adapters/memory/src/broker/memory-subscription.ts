import {
  type ActiveSubscription,
  type Delivery,
  type Disposition,
  type Subscription,
  WaybillError,
} from '@waybill/core/contracts'
import type { BrokerRecord } from './broker-record.ts'
import type { ConsumerGroup, Member } from './consumer-group.ts'
import type { MemoryBroker } from './memory-broker.ts'
import type { PartitionCursor } from './partition-cursor.ts'

type Handle = (delivery: Delivery) => Promise<Disposition>
type Cursor = PartitionCursor<Member>

/** A member of a consumer group. */
export class MemorySubscription implements ActiveSubscription, Member {
  readonly subscription: Subscription
  readonly #broker: MemoryBroker
  readonly #handle: Handle
  readonly #group: ConsumerGroup
  readonly #inFlight = new Set<Promise<void>>()
  readonly #closed: PromiseWithResolvers<void> = Promise.withResolvers()
  #paused = false
  #ended = false
  #woken = false

  constructor(broker: MemoryBroker, subscription: Subscription, handle: Handle) {
    this.subscription = subscription
    this.#broker = broker
    this.#handle = handle
    this.#group = broker.group(subscription.group)
    this.#closed.promise.catch(() => undefined)
    this.#group.join(this)
  }

  get closed(): Promise<void> {
    return this.#closed.promise
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.wake()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true
    await Promise.all(this.#inFlight)
    this.#group.leave(this)
    this.#closed.resolve()
  }

  /** Ends as a killed process does: at once, with nothing in flight acknowledged. */
  crash(): void {
    this.#ended = true
    this.#group.leave(this)
    const message = `The subscription of '${this.subscription.group}' was cut off`
    this.#closed.reject(new WaybillError({ code: 'BROKER_UNAVAILABLE', message, retryable: true }))
  }

  /** Deliveries start in a microtask of their own, never inside a publish call. */
  wake(): void {
    if (this.#woken) return
    this.#woken = true
    queueMicrotask(() => {
      this.#woken = false
      this.#deliverAll()
    })
  }

  get #hasRoom(): boolean {
    return !this.#ended && !this.#paused && this.#inFlight.size < this.subscription.maxInFlight
  }

  #deliverAll(): void {
    for (const cursor of this.#group.cursorsOf(this)) {
      while (this.#hasRoom) {
        const taken = cursor.take()
        if (taken === null) break
        this.#deliver(cursor, taken.record, taken.deliveryCount)
      }
    }
  }

  #deliver(cursor: Cursor, record: BrokerRecord, deliveryCount: number): void {
    const { raw, message, topic } = record
    const { signal } = cursor
    const source = { topic, partition: String(record.partition), position: String(record.offset) }
    const redelivered = deliveryCount > 1
    const delivery = { raw, source, redelivered, deliveryCount, signal, ...(message === undefined ? {} : { message }) }
    const work = this.#disposition(delivery).then((disposition) => {
      this.#inFlight.delete(work)
      if (!signal.aborted) this.#settle(cursor, record, disposition)
      this.wake()
    })
    this.#inFlight.add(work)
  }

  async #disposition(delivery: Delivery): Promise<Disposition> {
    try {
      return await this.#handle(delivery)
    } catch {
      // The contract: a handler that rejects wants the delivery again.
      return { type: 'retry', delayMs: 0 }
    }
  }

  #settle(cursor: Cursor, record: BrokerRecord, disposition: Disposition): void {
    if (disposition.type === 'retry') {
      cursor.retry(record, disposition.delayMs, () => this.wake())
      return
    }
    if (disposition.type === 'reject') {
      this.#broker.reject({ record, group: this.subscription.group, reason: disposition.reason })
    }
    cursor.finish(record.offset)
  }
}
