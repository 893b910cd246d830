import { StorageError } from '@waybill/core/contracts'
import { SqliteConnection } from './connection.ts'
import { classifySqliteError } from './errors.ts'
import { openBeside, type SqliteHandle } from './open.ts'
import type { ResolvedStorageOptions } from './options.ts'
import { whileBusy } from './retry.ts'

/** A connection that is opened when first needed: a process that only enqueues never has one. */
export class LazyConnection {
  readonly #handle: SqliteHandle
  readonly #options: ResolvedStorageOptions
  #opening: Promise<SqliteConnection> | undefined
  #closed = false

  constructor(handle: SqliteHandle, options: ResolvedStorageOptions) {
    this.#handle = handle
    this.#options = options
  }

  /** Opens at the first call, and again at a later one if that failed. */
  readonly get = async (): Promise<SqliteConnection> => {
    if (this.#closed) throw new StorageError('STORAGE_UNAVAILABLE', 'The storage has been closed')
    this.#opening ??= this.#open()
    return this.#opening
  }

  async close(): Promise<void> {
    this.#closed = true
    const opened = await this.#opening?.catch(() => undefined)
    opened?.close()
  }

  async #open(): Promise<SqliteConnection> {
    try {
      const open = () => openBeside(this.#handle)
      return new SqliteConnection(await whileBusy(open, { timeoutMs: this.#options.lockTimeoutMs }), this.#options)
    } catch (error) {
      this.#opening = undefined
      throw classifySqliteError(error)
    }
  }
}
