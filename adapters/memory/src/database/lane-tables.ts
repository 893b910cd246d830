import { StorageError } from '@waybill/core/contracts'
import type { Hold, Position, Suspect } from '@waybill/core/lanes'

/** A relay's row. Never changed, only replaced. */
export interface StoredRelay {
  readonly id: string
  readonly label: string
  readonly leaseMs: number
  readonly leaseUntil: number
  readonly trusted: boolean
  readonly window: readonly Position[]
}

/** A transaction on the lane tables. One is open at a time; it writes at once and can take everything back. */
export class LaneTurn {
  readonly #undo: (() => void)[] = []
  readonly #committed: () => void
  readonly #atCommit: (() => void)[] = []
  readonly #end: PromiseWithResolvers<void> = Promise.withResolvers()
  #open = true
  /** Message rows that it has written: locked for others until it ends. */
  readonly lockedRows: Set<Position> = new Set()

  constructor(committed: () => void) {
    this.#committed = committed
  }

  get open(): boolean {
    return this.#open
  }

  get ended(): Promise<void> {
    return this.#end.promise
  }

  set<K, V>(table: Map<K, V>, key: K, value: V): void {
    this.assertOpen()
    this.#undo.push(restore(table, key))
    table.set(key, value)
  }

  delete<K, V>(table: Map<K, V>, key: K): void {
    this.assertOpen()
    this.#undo.push(restore(table, key))
    table.delete(key)
  }

  /** Writes a message row at the commit: until then other readers see it as it was. */
  changeRow(position: Position, change: () => void): void {
    this.assertOpen()
    this.lockedRows.add(position)
    this.#atCommit.push(change)
  }

  assertOpen(): void {
    if (!this.#open) throw new StorageError('STORAGE_UNAVAILABLE', 'The connection was lost in a transaction')
  }

  commit(): void {
    this.assertOpen()
    for (const change of this.#atCommit) change()
    if (this.#undo.length + this.#atCommit.length > 0) this.#committed()
    this.#finish()
  }

  rollback(): void {
    if (!this.#open) return
    for (const undo of this.#undo.toReversed()) undo()
    this.#finish()
  }

  #finish(): void {
    this.#open = false
    this.lockedRows.clear()
    this.#end.resolve()
  }
}

/** The tables around the messages. All access goes through {@link exclusive}, one transaction after the other. */
export class LaneTables {
  readonly relays: Map<string, StoredRelay> = new Map()
  /** Session by lane; a lane that is missing is free. */
  readonly owners: Map<number, string> = new Map()
  /** By topic and key. */
  readonly holds: Map<string, Hold> = new Map()
  readonly suspects: Map<Position, Suspect> = new Map()
  readonly #committed: () => void
  #last: LaneTurn | null = null
  #current: LaneTurn | null = null

  /** `committed` is called at the end of every commit that has written something. */
  constructor(committed: () => void) {
    this.#committed = committed
  }

  /** The open transaction: not one that the server has ended while its client hangs. */
  get current(): LaneTurn | null {
    return this.#current?.open ? this.#current : null
  }

  /** Resolves when no transaction is open, for those who only look. */
  async settled(): Promise<void> {
    for (let open = this.current; open !== null; open = this.current) await open.ended
  }

  /** Runs `work` when all transactions before it have ended; commits what it did, or takes it back if it rejects. */
  async exclusive<T>(work: (turn: LaneTurn) => T | Promise<T>): Promise<T> {
    const turn = new LaneTurn(this.#committed)
    const before = this.#last
    this.#last = turn
    await before?.ended
    this.#current = turn
    try {
      const result = await work(turn)
      turn.commit()
      return result
    } catch (error) {
      turn.rollback()
      throw error
    } finally {
      if (this.#current === turn) this.#current = null
    }
  }
}

function restore<K, V>(table: Map<K, V>, key: K): () => void {
  const before = table.get(key)
  return () => void (before === undefined ? table.delete(key) : table.set(key, before))
}
