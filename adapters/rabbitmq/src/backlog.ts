import type { Delivery } from '@waybill/core/contracts'
import type { ConsumeMessage } from 'amqplib'
import type { ConsumeChannel } from './consume-channel.ts'

/** A delivery that RabbitMQ has made and that is not acknowledged. */
export interface Held {
  readonly delivery: Delivery
  readonly from: ConsumeChannel
  readonly raw: ConsumeMessage
  /** What is kept in order: messages of one topic with one key. Anything without a key is its own. */
  readonly scope: string
  /** Counts deliveries as they come. */
  readonly place: number
}

/**
 * Deliveries that wait to be handed over, as they came. One that waits for its retry holds back those of its key that come
 * after it.
 */
export class Backlog {
  readonly #waiting: { readonly held: Held; readonly dueAt: number }[] = []

  /** @param dueAt - By `performance.now()`; 0: at once. */
  add(held: Held, dueAt = 0): void {
    const after = this.#waiting.findLastIndex((other) => other.held.place <= held.place)
    this.#waiting.splice(after + 1, 0, { held, dueAt })
  }

  /** Takes out the first delivery that may be handed over. */
  take(now: number): Held | undefined {
    const heldBack = new Set<string>()
    for (const [index, { held, dueAt }] of this.#waiting.entries()) {
      if (dueAt <= now && !heldBack.has(held.scope)) {
        this.#waiting.splice(index, 1)
        return held
      }
      heldBack.add(held.scope)
    }
    return undefined
  }

  /** When the next delivery falls due that is not due yet. */
  nextDueAt(now: number): number | undefined {
    const later = this.#waiting.map(({ dueAt }) => dueAt).filter((dueAt) => dueAt > now)
    return later.length === 0 ? undefined : Math.min(...later)
  }

  /** With its channel RabbitMQ takes all of its deliveries back. */
  removeAllFrom(channel: ConsumeChannel): void {
    const rest = this.#waiting.filter(({ held }) => held.from !== channel)
    this.#waiting.splice(0, this.#waiting.length, ...rest)
  }
}
