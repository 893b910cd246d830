import type { BrokerRecord } from './broker-record.ts'
import type { Timer } from './timer.ts'

interface Waiting {
  readonly record: BrokerRecord
  due: boolean
  cancel(): void
}

/**
 * How far a consumer group has come in one partition: a committed offset, as a log-based broker keeps it, and what has been
 * handed out beyond. A record that waits for its retry holds back later records of its key.
 */
export class PartitionCursor<Owner> {
  readonly #records: readonly BrokerRecord[]
  readonly #timer: Timer
  readonly #done = new Set<number>()
  readonly #redeliveries = new Map<number, number>()
  /** By offset. */
  readonly #waiting: Waiting[] = []
  #committed = 0
  #next = 0
  #everNext = 0
  #owner: Owner | null = null
  #possession = new AbortController()

  constructor(records: readonly BrokerRecord[], timer: Timer) {
    this.#records = records
    this.#timer = timer
  }

  get owner(): Owner | null {
    return this.#owner
  }

  /** Fires when the present owner loses the partition. */
  get signal(): AbortSignal {
    return this.#possession.signal
  }

  /** Gives the partition to another member (or again to the same), which starts at the committed offset. */
  giveTo(owner: Owner | null): void {
    this.#possession.abort(new Error('The partition was taken away'))
    this.#possession = new AbortController()
    this.#owner = owner
    for (const waiting of this.#waiting.splice(0)) waiting.cancel()
    this.#done.clear()
    this.#next = this.#committed
  }

  /** The next record to hand out, and how often it has been handed out, this time included. */
  take(): { readonly record: BrokerRecord; readonly deliveryCount: number } | null {
    const record = this.#takeWaiting() ?? this.#takeNew()
    return record === null ? null : { record, deliveryCount: this.#countDelivery(record.offset) }
  }

  /** Never again, in this possession or the next: the committed offset follows. */
  finish(offset: number): void {
    if (offset >= this.#committed) this.#done.add(offset)
    while (this.#done.delete(this.#committed)) this.#committed++
  }

  /** Again after `delayMs`. `wake` is called when the time has come. */
  retry(record: BrokerRecord, delayMs: number, wake: () => void): void {
    const waiting = this.#wait(record, false)
    waiting.cancel = this.#timer(() => {
      waiting.due = true
      wake()
    }, delayMs)
  }

  /** Again now, finished or not, as if an acknowledgement had been lost. */
  redeliver(record: BrokerRecord): void {
    if (record.offset < this.#next) this.#wait(record, true)
  }

  #wait(record: BrokerRecord, due: boolean): Waiting {
    const waiting: Waiting = { record, due, cancel: () => undefined }
    const after = this.#waiting.findIndex((other) => other.record.offset > record.offset)
    this.#waiting.splice(after < 0 ? this.#waiting.length : after, 0, waiting)
    return waiting
  }

  #takeWaiting(): BrokerRecord | null {
    const held = new Set<unknown>()
    for (const [index, { record, due }] of this.#waiting.entries()) {
      if (due && !held.has(keyOf(record))) {
        this.#waiting.splice(index, 1)
        return record
      }
      held.add(keyOf(record))
    }
    return null
  }

  #takeNew(): BrokerRecord | null {
    const held = new Set<unknown>(this.#waiting.map(({ record }) => keyOf(record)))
    for (let record = this.#records[this.#next]; record !== undefined; record = this.#records[this.#next]) {
      this.#next++
      if (!held.has(keyOf(record))) return record
      this.#wait(record, true)
    }
    return null
  }

  #countDelivery(offset: number): number {
    const again = offset < this.#everNext
    this.#everNext = Math.max(this.#everNext, offset + 1)
    if (!again) return 1
    const redeliveries = (this.#redeliveries.get(offset) ?? 0) + 1
    this.#redeliveries.set(offset, redeliveries)
    return redeliveries + 1
  }
}

/** A record without a key is its own key. */
function keyOf(record: BrokerRecord): unknown {
  return record.raw.key ?? record
}
