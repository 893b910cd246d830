import { StorageError, TransactionError } from '@waybill/core/contracts'
import { type AnyKysely, type AnyTransaction, onlyRow } from '@waybill/sql'
import type { Database } from 'better-sqlite3'
import { CompiledQuery, type DatabaseConnection } from 'kysely'
import { identityOf } from './file-identity.ts'
import { type SqliteHandle, whichFile } from './open.ts'

/** The database of a storage. What is enqueued in another one, its relays never find. */
export class Home {
  readonly #handle: SqliteHandle
  readonly #timeoutMs: number
  /** Of connections and files: neither changes its place. */
  readonly #known = new WeakSet<object>()
  #file: string | undefined

  /** @param timeoutMs - How long to wait for the handle's connection, when it must be asked. */
  constructor(handle: SqliteHandle, timeoutMs: number) {
    this.#handle = handle
    this.#timeoutMs = timeoutMs
  }

  /**
   * The path of its file, empty for a database in memory.
   *
   * @throws {@link StorageError} `STORAGE_LOCKED` if Kysely's only connection is not free in time. It may be in a transaction
   *   whose callback waits for us.
   */
  async file(): Promise<string> {
    if ('database' in this.#handle) return this.#fileSync(this.#handle.database)
    this.#file ??= await this.#ask(this.#handle.db)
    return this.#file
  }

  /** @throws {@link TransactionError} for a transaction of another database. */
  async requireOwn(tx: AnyTransaction, connection: DatabaseConnection): Promise<void> {
    if (this.#known.has(connection)) return
    const isOfHandle = 'db' in this.#handle && this.#handle.db.getExecutor().adapter === tx.getExecutor().adapter
    if (!isOfHandle) {
      const { rows } = await connection.executeQuery<Row>(CompiledQuery.raw(whichFile))
      requireSame(onlyRow(rows).file, await this.file())
    }
    this.#known.add(connection)
  }

  /** As {@link requireOwn}. Of a Kysely instance nobody can ask at once: the first call lets the next one know. */
  requireOwnSync(database: Database): void {
    if (this.#known.has(database)) return
    const file = 'database' in this.#handle ? this.#fileSync(this.#handle.database) : this.#file
    if (file === undefined) {
      void this.file().catch(() => undefined)
      return
    }
    requireSame(this.#fileSync(database), file)
    this.#known.add(database)
  }

  async #ask(db: AnyKysely): Promise<string> {
    const signal = AbortSignal.timeout(this.#timeoutMs)
    try {
      return onlyRow((await db.executeQuery<Row>(CompiledQuery.raw(whichFile), { signal })).rows).file
    } catch (error) {
      throw signal.aborted ? stayedBusy(this.#timeoutMs, error) : error
    }
  }

  #fileSync(database: Database): string {
    return String(database.prepare(whichFile).pluck().get())
  }
}

interface Row {
  readonly file: string
}

function stayedBusy(timeoutMs: number, cause: unknown): StorageError {
  const text = `Kysely's connection was in a transaction for ${timeoutMs} ms: look for one that stays open`
  return new StorageError('STORAGE_LOCKED', text, cause)
}

function requireSame(file: string, own: string): void {
  if (file === own) return
  const identity = identityOf(file)
  if (identity !== undefined && identity === identityOf(own)) return
  throw new TransactionError(
    `The transaction is one of '${file}', this storage belongs to '${own}': enqueue by the storage of that database`,
  )
}
