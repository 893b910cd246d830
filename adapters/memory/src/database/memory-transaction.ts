import { MessageError, type OutboxMessage, StorageError, TransactionError } from '@waybill/core/contracts'
import type { MemoryDatabase } from './memory-database.ts'
import { type StoredMessage, storedMessage } from './stored-message.ts'
import type { Write } from './tables.ts'

/** Table whose row locks stand for the unique index on message ids. */
const idLocks = 'waybill.messages'

/**
 * An open transaction with the visibility of `read committed`: it sees its own writes and what others have committed.
 *
 * A write locks its row until the transaction ends; a second writer of the row waits for that and then goes on. Waiting in
 * a circle is a deadlock: the write that would close it rejects with `STORAGE_CONFLICT`.
 */
export class MemoryTransaction {
  readonly id: string
  readonly #database: MemoryDatabase
  readonly #writes = new Map<string, Map<string, Write>>()
  readonly #messages = new Map<string, StoredMessage>()
  readonly #locks = new Set<string>()
  readonly #end: PromiseWithResolvers<void> = Promise.withResolvers()
  #state: 'open' | 'visible' | 'ended' = 'open'
  #failure: unknown = null
  #waitingFor: MemoryTransaction | null = null
  #insertsMessages = false

  /** Use `database.begin()`. */
  constructor(database: MemoryDatabase, id: string) {
    this.#database = database
    this.id = id
  }

  /** Whether a handle is a transaction of this database, open or not. */
  static isOf(database: MemoryDatabase, handle: unknown): boolean {
    return typeof handle === 'object' && handle !== null && #database in handle && handle.#database === database
  }

  /** Its writes can still be taken back; nobody else sees them. */
  get open(): boolean {
    return this.#state === 'open'
  }

  /** It has begun to insert messages: a barrier names it until its locks are gone. */
  get insertsMessages(): boolean {
    return this.#insertsMessages
  }

  get(table: string, key: string): unknown {
    this.#assertOpen()
    const write = this.#writes.get(table)?.get(key)
    return write === undefined ? this.#database.read(table).get(key) : write?.value
  }

  /** The table as this transaction sees it. */
  list(table: string): ReadonlyMap<string, unknown> {
    this.#assertOpen()
    const rows = new Map(this.#database.read(table))
    for (const [key, write] of this.#writes.get(table) ?? []) {
      if (write === null) rows.delete(key)
      else rows.set(key, write.value)
    }
    return rows
  }

  /** Inserts or replaces a row. The value is copied. */
  async put(table: string, key: string, value: unknown): Promise<void> {
    await this.lock(table, key)
    this.#write(table, key, { value: structuredClone(value) })
  }

  async delete(table: string, key: string): Promise<void> {
    await this.lock(table, key)
    this.#write(table, key, null)
  }

  /** Locks a row, whether it exists or not, until the transaction ends; waits for a transaction that holds the lock. */
  async lock(table: string, key: string): Promise<void> {
    this.#assertOpen()
    for (let holder = this.#take(table, key); holder !== this; holder = this.#take(table, key)) {
      await this.#waitForEndOf(holder)
    }
  }

  /** As {@link lock} without waiting: answers whether the lock is this transaction's. */
  tryLock(table: string, key: string): boolean {
    this.#assertOpen()
    return this.#take(table, key) === this
  }

  /** Waits for other transactions that insert a message with one of these ids. Only then can it be told a duplicate. */
  async lockIds(messages: readonly OutboxMessage[]): Promise<void> {
    this.#insertsMessages = true
    for (const message of messages) await this.lock(idLocks, message.id)
  }

  /**
   * What a plain INSERT of any program does: draws positions and writes rows that become visible at the commit. All of the
   * messages or none.
   *
   * @throws {@link MessageError} `DUPLICATE_MESSAGE`; {@link StorageError} `STORAGE_LOCKED` while another open transaction
   *   inserts one of the ids; {@link TransactionError}.
   */
  insertMessages(messages: readonly OutboxMessage[]): void {
    this.#assertOpen()
    this.#insertsMessages = true
    this.#assertNew(messages)
    const now = this.#database.now()
    for (const message of messages) {
      this.#messages.set(message.id, storedMessage(message, this.#database.nextPosition(), now))
    }
  }

  /** Makes all writes visible and ends the transaction. */
  commit(): void {
    this.makeVisible()
    this.releaseLocks()
  }

  /**
   * First half of a commit: others see the writes, the locks are still held.
   *
   * `durable: false` is an asynchronous commit, which a failover may forget.
   */
  makeVisible(options: { readonly durable?: boolean } = {}): void {
    this.#assertOpen()
    this.#state = 'visible'
    const undo: (() => void)[] = []
    for (const [table, rows] of this.#writes) {
      for (const [key, write] of rows) undo.push(this.#database.tables.apply(table, key, write))
    }
    for (const stored of this.#messages.values()) undo.push(this.#database.addMessage(stored))
    this.#database.committed(undo)
    if (undo.length > 0 && options.durable !== false) this.#database.flush()
  }

  /** Second half of a commit: whoever waits for a lock goes on. */
  releaseLocks(): void {
    if (this.#state === 'open') throw new TransactionError(`Transaction ${this.id} holds its locks until it has ended`)
    if (this.#state === 'visible') this.#finish()
  }

  /** Forgets all writes and ends the transaction. `reason`: what later calls with this transaction throw. */
  rollback(reason?: unknown): void {
    if (this.#state !== 'open') return
    this.#failure = reason ?? null
    this.#finish()
  }

  #finish(): void {
    this.#state = 'ended'
    this.#database.ended(this, this.#locks)
    this.#end.resolve()
  }

  #write(table: string, key: string, write: Write): void {
    const rows = this.#writes.get(table) ?? new Map<string, Write>()
    this.#writes.set(table, rows.set(key, write))
  }

  /** Takes the lock if it is free, and answers who has it now. */
  #take(table: string, key: string): MemoryTransaction {
    const name = `${table}\u0000${key}`
    const holder = this.#database.lockHolder(name, this)
    if (holder === this) this.#locks.add(name)
    return holder
  }

  async #waitForEndOf(holder: MemoryTransaction): Promise<void> {
    for (let next: MemoryTransaction | null = holder; next !== null; next = next.#waitingFor) {
      if (next === this) throw new StorageError('STORAGE_CONFLICT', `Deadlock between ${this.id} and ${holder.id}`)
    }
    this.#waitingFor = holder
    await Promise.race([holder.#end.promise, this.#end.promise])
    this.#waitingFor = null
    this.#assertOpen()
  }

  #assertNew(messages: readonly OutboxMessage[]): void {
    const ids = new Set<string>()
    for (const { id } of messages) {
      if (this.#take(idLocks, id) !== this) {
        throw new StorageError('STORAGE_LOCKED', `Another open transaction inserts the message '${id}'`)
      }
      if (ids.has(id) || this.#messages.has(id) || this.#database.messages.withId(id) !== undefined) {
        throw new MessageError('DUPLICATE_MESSAGE', `The message '${id}' is already in the outbox`, { path: 'id' })
      }
      ids.add(id)
    }
  }

  #assertOpen(): void {
    if (this.#state === 'open') return
    throw this.#failure ?? new TransactionError(`Transaction ${this.id} has ended: begin a new one`)
  }
}
