import type { IncomingRecord, TopicPartition } from '../client/client.ts'

/** A record that has been handed out, until everything before it is done, too. */
interface Outstanding {
  readonly record: IncomingRecord
  deliveries: number
  done: boolean
}

/** A record on its way to the handler. */
export interface Taken {
  readonly record: IncomingRecord
  /** How often it has been handed out during this possession, this time included. */
  readonly deliveries: number
  /** A member that had the partition before may have had it in hand. */
  readonly isEarly: boolean
}

/**
 * One partition while it is ours: what waits, what is being handled, and the position up to which all is done. That position
 * alone is committed, so that nothing is passed over that has not been handled.
 */
export class PartitionLog {
  readonly source: TopicPartition
  readonly #possession = new AbortController()
  #waiting: IncomingRecord[] = []
  readonly #outstanding: Outstanding[] = []
  /** Handed out again before anything new. */
  readonly #again: Outstanding[] = []
  /** Retries whose delay has not passed: nothing new is handed out meanwhile, so that their keys keep their order. */
  #delayed = 0
  /** What arrives below has been here already: after a rebalance, the broker begins again at what was committed. */
  #next = -1n
  #committed = -1n
  readonly #inDoubt: number
  #handedOut = 0
  isPaused = false

  /** @param inDoubt - Records that a member before us may have had in hand. */
  constructor(source: TopicPartition, inDoubt = 0) {
    this.source = source
    this.#inDoubt = inDoubt
  }

  /** Fires when the partition is taken away. */
  get signal(): AbortSignal {
    return this.#possession.signal
  }

  get waiting(): number {
    return this.#waiting.length
  }

  push(records: readonly IncomingRecord[]): void {
    for (const record of records) {
      if (record.offset < this.#next) continue
      this.#next = record.offset + 1n
      this.#waiting.push(record)
    }
  }

  /** The next record to hand out, if there is one. */
  take(): Taken | undefined {
    const again = this.#again.shift()
    if (again !== undefined) return { record: again.record, deliveries: ++again.deliveries, isEarly: this.#isEarly }
    const record = this.#delayed === 0 ? this.#waiting.shift() : undefined
    if (record === undefined) return undefined
    this.#outstanding.push({ record, deliveries: 1, done: false })
    const isEarly = this.#isEarly
    this.#handedOut += 1
    return { record, deliveries: 1, isEarly }
  }

  /**
   * Until a position has been committed, too: who ends at a record beyond the first ones has not committed up to there, begins
   * where we began, and would meet it as new for ever.
   */
  get #isEarly(): boolean {
    return this.#handedOut < this.#inDoubt || this.#committed < 0n
  }

  finish(offset: bigint): void {
    const found = this.#find(offset)
    if (found !== undefined) found.done = true
  }

  /** Hands a record out again, when `due` is called. Answers that. */
  retry(offset: bigint): () => void {
    this.#delayed += 1
    return () => {
      this.#delayed -= 1
      const found = this.#find(offset)
      if (found !== undefined) this.#again.push(found)
      this.#again.sort((left, right) => (left.record.offset < right.record.offset ? -1 : 1))
    }
  }

  /** The position to be committed, if it has moved since {@link committed}. */
  position(): bigint | undefined {
    let moved: bigint | undefined
    while (this.#outstanding[0]?.done === true) {
      const last = this.#outstanding.shift()
      if (last !== undefined) moved = last.record.offset + 1n
    }
    this.#reached = moved ?? this.#reached
    return this.#reached > this.#committed ? this.#reached : undefined
  }
  #reached = -1n

  committed(position: bigint): void {
    if (position > this.#committed) this.#committed = position
  }

  /** It is no longer ours: nothing of it is handed out or committed any more. */
  revoke(): void {
    this.#waiting = []
    this.#again.length = 0
    this.#outstanding.length = 0
    const { topic, partition } = this.source
    this.#possession.abort(new Error(`Partition ${partition} of '${topic}' was taken away`))
  }

  #find(offset: bigint): Outstanding | undefined {
    return this.#outstanding.find(({ record }) => record.offset === offset)
  }
}
