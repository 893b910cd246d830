import type { Runtime } from '../runtime/runtime.ts'
import type { SettleItem } from './settle-queue.ts'

/** A failure's key waits so much longer, and so much is forgotten in a crash. */
const waitAtMostMs = 100
/** What a storage writes in one transaction. */
const itemsAtMost = 100

/**
 * A few outcomes that cost a transaction, among many that do not, wait for those of the next batches: one transaction for all
 * of them instead of one for each batch. Until they are settled nothing of their keys is handed on.
 */
export class Postponed {
  readonly #runtime: Runtime
  readonly #onDue: () => void
  #items: SettleItem[] = []
  #cancel: () => void = () => undefined

  constructor(runtime: Runtime, onDue: () => void) {
    this.#runtime = runtime
    this.#onDue = onDue
  }

  get isEmpty(): boolean {
    return this.#items.length === 0
  }

  /** Answers what is to be settled now. */
  sort(items: readonly SettleItem[]): readonly SettleItem[] {
    const cheap = items.filter(isCheap)
    const dear = items.filter((item) => !isCheap(item))
    if (dear.length === 0 || (this.isEmpty && cheap.length <= dear.length)) return items
    if (this.isEmpty) this.#cancel = this.#runtime.setTimeout(this.#onDue, waitAtMostMs)
    this.#items.push(...dear)
    return this.#items.length < itemsAtMost ? cheap : [...cheap, ...this.take()]
  }

  /** All of it, to be settled. */
  take(): readonly SettleItem[] {
    const items = this.#items
    this.#items = []
    this.#cancel()
    return items
  }
}

/** The first attempt was accepted: there is no hold and no suspect to be removed with it. */
function isCheap({ claimed, settlement }: SettleItem): boolean {
  return settlement.type === 'published' && claimed.attempt === 1 && !claimed.suspect
}
