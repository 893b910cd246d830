import { setTimeout as sleep } from 'node:timers/promises'
import { StorageError } from '@waybill/core/contracts'
import type { SqlDatabase, SqlExecutor, Statement, StatementResult } from '@waybill/sql'
import type { Database, Statement as Prepared } from 'better-sqlite3'
import { classifySqliteError, isBusy } from './errors.ts'
import { Mutex } from './mutex.ts'

export interface ConnectionOptions {
  /** See {@link SqliteStorageOptions.lockTimeoutMs}. */
  readonly lockTimeoutMs: number
  /** See {@link SqliteStorageOptions.writeGapMs}. */
  readonly writeGapMs: number
}

/** Reads several statements in one snapshot. */
export type SnapshotRead = <Row>(statement: Statement<Row>) => readonly Row[]

/** After another connection's commit, gaps are left between our writes for so long. */
const othersWriteForMs = 1000
const longestRetryMs = 8

/**
 * The storage's own connection, of which every call is short.
 *
 * SQLite has one writer at a time, and better-sqlite3 waits for the lock by blocking the thread. So the connection has no
 * busy timeout: a refused lock is asked for again from a timer, and the event loop goes on meanwhile. A write transaction
 * never waits for anything while it holds the lock but its own steps.
 */
export class SqliteConnection implements SqlDatabase {
  readonly lazy: SqlExecutor = { execute: (statement) => this.#write(() => this.#run(statement, 'normal')) }
  readonly urgent: SqlExecutor = { execute: (statement) => this.#retry(() => this.#run(statement)) }
  readonly #database: Database
  readonly #options: ConnectionOptions
  readonly #prepared = new Map<string, Prepared<unknown[]>>()
  /** Keeps statements out of an open transaction that is not theirs. */
  readonly #statements = new Mutex()
  readonly #writes = new Mutex()
  #synchronous: 'full' | 'normal' = 'full'
  #dataVersion: unknown
  #othersWriteUntil = 0
  #lastWriteAt = 0

  constructor(database: Database, options: ConnectionOptions) {
    this.#database = database
    this.#options = options
  }

  execute<Row>(statement: Statement<Row>): Promise<StatementResult<Row>> {
    return this.#write(() => this.#run(statement))
  }

  /** Reads in one snapshot. Takes no lock that a writer could hold. */
  read<T>(work: (read: SnapshotRead) => T): Promise<T> {
    return this.#retry(() => {
      this.#prepare('begin').run()
      try {
        return work((statement) => this.#run(statement).rows)
      } finally {
        this.#prepare('commit').run()
      }
    })
  }

  transaction<T>(work: (tx: SqlExecutor) => Promise<T>): Promise<T> {
    return this.#write(async () => {
      this.#setSynchronous('full')
      this.#prepare('begin immediate').run()
      try {
        const result = await work({ execute: async (statement) => this.#classified(() => this.#run(statement)) })
        this.#prepare('commit').run()
        return result
      } finally {
        if (this.#database.inTransaction) this.#prepare('rollback').run()
      }
    })
  }

  close(): void {
    this.#prepared.clear()
    this.#database.close()
  }

  /** One write after the other, with gaps for other processes if there are any that write. */
  #write<T>(attempt: () => T | Promise<T>): Promise<T> {
    return this.#writes.run(async () => {
      await this.#leaveGap()
      try {
        return await this.#retry(attempt)
      } finally {
        this.#lastWriteAt = performance.now()
      }
    })
  }

  async #leaveGap(): Promise<void> {
    const dataVersion = this.#prepare('pragma data_version').pluck().get()
    if (dataVersion !== this.#dataVersion) this.#othersWriteUntil = performance.now() + othersWriteForMs
    this.#dataVersion = dataVersion
    const now = performance.now()
    const gapMs = this.#lastWriteAt + this.#options.writeGapMs - now
    if (now < this.#othersWriteUntil && gapMs > 0) await sleep(gapMs)
  }

  /** Repeats an attempt that finds the lock held. An attempt takes the lock first, so that a refused one has done nothing. */
  async #retry<T>(attempt: () => T | Promise<T>): Promise<T> {
    const deadline = performance.now() + this.#options.lockTimeoutMs
    for (let delayMs = 1; ; delayMs = Math.min(delayMs * 2, longestRetryMs)) {
      try {
        return await this.#statements.run(attempt)
      } catch (error) {
        if (!isBusy(error)) throw classifySqliteError(error)
        if (performance.now() >= deadline) throw this.#locked(error)
        this.#othersWriteUntil = performance.now() + othersWriteForMs
        await sleep(delayMs * (0.5 + Math.random() / 2))
      }
    }
  }

  #locked(cause: unknown): StorageError {
    const waited = `for ${this.#options.lockTimeoutMs} ms`
    const text = `The lock of ${this.#database.name} was held by others ${waited}: look for a transaction that stays open`
    return new StorageError('STORAGE_LOCKED', text, cause)
  }

  #classified<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw classifySqliteError(error)
    }
  }

  #run<Row>(statement: Statement<Row>, synchronous: 'full' | 'normal' = 'full'): StatementResult<Row> {
    if (!this.#database.inTransaction) this.#setSynchronous(synchronous)
    const prepared = this.#prepare(statement.sql)
    // The driver types rows as unknown; the statement knows what it answers.
    if (prepared.reader) return { rows: prepared.all(...statement.parameters) as Row[], affected: 0 }
    return { rows: [], affected: prepared.run(...statement.parameters).changes }
  }

  #setSynchronous(level: 'full' | 'normal'): void {
    if (level === this.#synchronous) return
    this.#database.pragma(`synchronous = ${level}`)
    this.#synchronous = level
  }

  #prepare(sql: string): Prepared<unknown[]> {
    const known = this.#prepared.get(sql)
    if (known !== undefined) return known
    const prepared = this.#database.prepare<unknown[]>(sql)
    this.#prepared.set(sql, prepared)
    return prepared
  }
}
