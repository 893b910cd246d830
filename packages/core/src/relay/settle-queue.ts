import {
  type ClaimedMessage,
  orderingScope,
  type RelaySession,
  type RelaySource,
  type Settlement,
  WaybillError,
} from '../contracts/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { DyingKeys } from './dying-keys.ts'

export interface SettleItem {
  readonly claimed: ClaimedMessage
  readonly settlement: Settlement
}

export interface SettleQueueOptions {
  readonly source: RelaySource
  readonly session: RelaySession
  readonly runtime: Runtime
  /** Something was settled: room, or nothing left. */
  readonly onChange: () => void
  /** The session no longer owned some of it. */
  readonly onLost: () => void
  readonly onError: (error: unknown) => void
  /** It cannot be settled, now or later, or not in so many attempts. */
  readonly onFailed: (error: unknown) => void
  readonly attemptsAtMost: number
}

/** Messages that may wait for their settlement before publishing waits too, in batches. */
const batchesAtMost = 2
const firstPauseMs = 50
const lastPauseMs = 2000

/**
 * Settles in the background, in order, everything that waits in one call. A call that fails is repeated, not the publishing:
 * what the broker accepted stays accepted.
 */
export class SettleQueue {
  /** Keys with a settlement under way that is not `published`. */
  readonly dying: DyingKeys = new DyingKeys()
  readonly #options: SettleQueueOptions
  #waiting: SettleItem[][] = []
  #working: Promise<void> | null = null
  #givenUp = false
  #pause: { readonly end: () => void } | null = null

  constructor(options: SettleQueueOptions) {
    this.#options = options
  }

  get isIdle(): boolean {
    return this.#working === null
  }

  get hasRoom(): boolean {
    return this.#waiting.length < batchesAtMost
  }

  /** From now on nothing of the keys that were not published is handed on. */
  add(items: readonly SettleItem[]): void {
    if (items.length === 0) return
    for (const { claimed, settlement } of items) {
      if (settlement.type !== 'published') this.dying.add(orderingScope(claimed.message))
    }
    this.#waiting.push([...items])
    this.#working ??= this.#work()
  }

  /** Resolves when all is settled, or given up. */
  async idle(): Promise<void> {
    while (this.#working !== null) await this.#working
  }

  /** Stops repeating: the session is gone, or there is no more time. */
  giveUp(): void {
    this.#givenUp = true
    this.#pause?.end()
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      const items = this.#waiting.flat()
      this.#waiting = []
      await this.#settle(items)
      this.#options.onChange()
    }
    this.#working = null
    this.#options.onChange()
  }

  async #settle(items: readonly SettleItem[]): Promise<void> {
    const settlements = items.map((item) => item.settlement)
    let pauseMs = firstPauseMs
    for (let attempt = 1; !(await this.#attempt(settlements, attempt)); attempt++) {
      if (this.#givenUp) return
      await this.#wait(pauseMs)
      pauseMs = Math.min(lastPauseMs, pauseMs * 2)
    }
    for (const { claimed, settlement } of items) {
      if (settlement.type !== 'published') this.dying.settled(orderingScope(claimed.message))
    }
  }

  /** Answers whether all is settled. */
  async #attempt(settlements: readonly Settlement[], attempt: number): Promise<boolean> {
    const { source, session, onLost, onError, onFailed, attemptsAtMost } = this.#options
    try {
      const { lost } = await source.settle(session, settlements)
      if (lost.length > 0) onLost()
      return true
    } catch (error) {
      onError(error)
      const mayPass = !WaybillError.isInstance(error) || error.retryable
      if (mayPass && attempt < attemptsAtMost) return false
      this.giveUp()
      onFailed(error)
      return false
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.runtime.setTimeout(resolve, ms)
      const end = () => {
        cancel()
        resolve()
      }
      this.#pause = { end }
    })
  }
}
