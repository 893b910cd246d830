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
import { Postponed } from './postponed.ts'

export interface SettleItem {
  readonly claimed: ClaimedMessage
  readonly settlement: Settlement
}

export interface SettleQueueOptions {
  readonly source: RelaySource
  readonly session: RelaySession
  readonly runtime: Runtime
  /** Outcomes of another batch will be added: those that cost a transaction may wait for them. */
  readonly moreComes: () => boolean
  /** Something was settled: room, or nothing left. */
  readonly onChange: () => void
  /** The session no longer owned some of it. */
  readonly onLost: () => void
  readonly onError: (error: unknown) => void
  /** It cannot be settled, now or later, or not in so many attempts. */
  readonly onFailed: (error: unknown) => void
  readonly attemptsAtMost: number
}

/** What a lock keeps back. */
interface Late {
  readonly items: readonly SettleItem[]
  readonly batches: number
  readonly attempts: number
  readonly pauseMs: number
  /** By the runtime's clock. */
  readonly dueAt: number
}

/** Messages that may wait for their settlement before publishing waits too, in batches. */
const batchesAtMost = 2
/** Batches that somebody's lock may keep back while others are settled. */
const lateAtMost = 8
const firstPauseMs = 50
const lastPauseMs = 2000

/**
 * Settles in the background, in order, everything that waits in one call. A call that fails is repeated, not the publishing:
 * what the broker accepted stays accepted. What is kept back by a lock, which somebody may hold for minutes, is repeated beside
 * what comes after it.
 */
export class SettleQueue {
  /** Keys with a settlement under way that is not `published`. */
  readonly dying: DyingKeys = new DyingKeys()
  readonly #options: SettleQueueOptions
  readonly #postponed: Postponed
  #waiting: SettleItem[][] = []
  #working: Promise<void> | null = null
  #late: Late | null = null
  #givenUp = false
  #hasConcluded = false
  #pause: { readonly end: () => void } | null = null

  constructor(options: SettleQueueOptions) {
    this.#options = options
    this.#postponed = new Postponed(options.runtime, () => this.hurry())
  }

  get isIdle(): boolean {
    return this.#working === null && this.#postponed.isEmpty
  }

  /** The outcome of a message has been settled. */
  get hasConcluded(): boolean {
    return this.#hasConcluded
  }

  get hasRoom(): boolean {
    return this.#waiting.length < batchesAtMost && (this.#late?.batches ?? 0) < lateAtMost
  }

  /** From now on nothing of the keys that were not published is handed on. */
  add(items: readonly SettleItem[]): void {
    for (const { claimed, settlement } of items) {
      if (settlement.type !== 'published') this.dying.add(orderingScope(claimed.message))
    }
    const moreComes = this.#options.moreComes()
    this.#settleSoon(moreComes ? this.#postponed.sort(items) : [...items, ...this.#postponed.take()])
  }

  /** Nothing comes that what is postponed could wait for. */
  hurry(): void {
    this.#settleSoon(this.#postponed.take())
  }

  /** Resolves when all is settled, or given up. */
  async idle(): Promise<void> {
    while (!this.isIdle) {
      this.hurry()
      await this.#working
    }
  }

  /** Stops repeating: the session is gone, or there is no more time. */
  giveUp(): void {
    this.#givenUp = true
    this.#pause?.end()
  }

  #settleSoon(items: readonly SettleItem[]): void {
    if (items.length === 0) return
    this.#waiting.push([...items])
    if (this.#late !== null) this.#pause?.end()
    this.#working ??= this.#work()
  }

  async #work(): Promise<void> {
    const { runtime, onChange } = this.#options
    while (this.#waiting.length > 0 || this.#late !== null) {
      const late = this.#late
      if (late !== null && (this.#givenUp || runtime.now() >= late.dueAt)) {
        this.#late = null
        if (!this.#givenUp) await this.#settle(late)
      } else if (this.#waiting.length > 0) {
        const items = this.#waiting.flat()
        this.#waiting = []
        await this.#settle({ items, batches: 1, attempts: 0, pauseMs: firstPauseMs })
      } else if (late !== null) {
        await this.#wait(late.dueAt - runtime.now())
      }
      onChange()
    }
    this.#working = null
    onChange()
  }

  async #settle({ items, batches, attempts, pauseMs }: Omit<Late, 'dueAt'>): Promise<void> {
    const settlements = items.map((item) => item.settlement)
    let pause = pauseMs
    for (let attempt = attempts + 1; ; attempt++) {
      const failure = await this.#attempt(settlements, attempt)
      if (failure === null) break
      if (this.#givenUp) return
      if (WaybillError.isInstance(failure.error) && failure.error.code === 'STORAGE_LOCKED') {
        this.#keepForLater({ items, batches, attempts: attempt, pauseMs: pause })
        return
      }
      await this.#wait(pause)
      pause = Math.min(lastPauseMs, pause * 2)
    }
    for (const { claimed, settlement } of items) {
      if (settlement.type !== 'published') this.dying.settled(orderingScope(claimed.message))
    }
  }

  #keepForLater({ items, batches, attempts, pauseMs }: Omit<Late, 'dueAt'>): void {
    const known = this.#late
    this.#late = {
      items: [...(known?.items ?? []), ...items],
      batches: (known?.batches ?? 0) + batches,
      attempts: Math.max(known?.attempts ?? 0, attempts),
      pauseMs: Math.min(lastPauseMs, pauseMs * 2),
      dueAt: known?.dueAt ?? this.#options.runtime.now() + pauseMs,
    }
  }

  /** Answers what failed; `null` if all is settled. */
  async #attempt(settlements: readonly Settlement[], attempt: number): Promise<{ readonly error: unknown } | null> {
    const { source, session, onLost, onError, onFailed, attemptsAtMost } = this.#options
    try {
      const { lost } = await source.settle(session, settlements)
      if (lost.length > 0) onLost()
      else this.#hasConcluded ||= settlements.some(({ type }) => type !== 'release')
      return null
    } catch (error) {
      onError(error)
      const mayPass = !WaybillError.isInstance(error) || error.retryable
      if (!mayPass || attempt >= attemptsAtMost) {
        this.giveUp()
        onFailed(error)
      }
      return { error }
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
