import { StorageError } from '@waybill/core/contracts'
import { SqliteConnection } from './connection.ts'
import { classifySqliteError } from './errors.ts'
import type { Home } from './home.ts'
import { openBeside } from './open.ts'
import type { ResolvedStorageOptions } from './options.ts'
import { whileBusy } from './retry.ts'

/** A connection that is opened when first needed: a process that only enqueues never has one. */
export class LazyConnection {
  readonly #home: Home
  readonly #options: ResolvedStorageOptions
  #opening: Promise<SqliteConnection> | undefined
  #closed = false

  constructor(home: Home, options: ResolvedStorageOptions) {
    this.#home = home
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
      const open = () => openBeside(this.#home)
      return new SqliteConnection(await whileBusy(open, { timeoutMs: this.#options.lockTimeoutMs }), this.#options)
    } catch (error) {
      this.#opening = undefined
      throw classifySqliteError(error)
    }
  }
}
