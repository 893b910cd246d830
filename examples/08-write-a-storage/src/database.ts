import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pass } from 'node:timers/promises'
import { isLocked, storageError } from './errors.ts'
import type { NodeSqliteOptions } from './options.ts'

/** Time between two attempts to begin, in milliseconds. The event loop is free meanwhile: who holds the lock may be here. */
const lookEveryMs = 5

/** A file, and connections to it: one for what is done at once, and one of its own for each transaction that stays open. */
export class Database {
  readonly now: () => number
  readonly #options: NodeSqliteOptions
  #own: DatabaseSync | undefined

  constructor(options: NodeSqliteOptions) {
    this.#options = options
    this.now = options.now ?? Date.now
  }

  /** Several reads of one snapshot. */
  async read<T>(work: (sql: DatabaseSync) => T): Promise<T> {
    return await this.#atOnce('begin', work)
  }

  /** Several writes of one commit. */
  async write<T>(work: (sql: DatabaseSync) => T): Promise<T> {
    return await this.#atOnce('begin immediate', work)
  }

  /** A transaction that stays open over awaits, alone among all that write. Rejects with what `work` threw, unchanged. */
  async transaction<T>(work: (sql: DatabaseSync) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const sql = known(() => new DatabaseSync(this.#options.file))
    try {
      await this.#patiently(() => sql.exec('begin immediate'), signal)
      const result = await orAborted(work(sql), signal)
      signal?.throwIfAborted()
      known(() => sql.exec('commit'))
      return result
    } finally {
      // Closing rolls back what has not been committed.
      sql.close()
    }
  }

  close(): void {
    this.#own?.close()
    this.#own = undefined
  }

  /** Nothing is awaited between its begin and its end, where somebody else's statements would come between. */
  async #atOnce<T>(begin: string, work: (sql: DatabaseSync) => T): Promise<T> {
    const sql = this.#connection()
    return await this.#patiently(() => {
      sql.exec(begin)
      try {
        const result = work(sql)
        sql.exec('commit')
        return result
      } finally {
        if (sql.isTransaction) sql.exec('rollback')
      }
    })
  }

  #connection(): DatabaseSync {
    this.#own ??= known(() => new DatabaseSync(this.#options.file))
    return this.#own
  }

  /** SQLite's own waiting would stop the event loop, and with it whoever holds the lock in this process. */
  async #patiently<T>(attempt: () => T, signal?: AbortSignal): Promise<T> {
    const giveUpAt = performance.now() + (this.#options.lockTimeoutMs ?? 5000)
    for (;;) {
      signal?.throwIfAborted()
      try {
        return attempt()
      } catch (error) {
        if (!isLocked(error) || performance.now() > giveUpAt) throw storageError(error)
      }
      await pass(lookEveryMs)
    }
  }
}

function known<T>(call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw storageError(error)
  }
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
