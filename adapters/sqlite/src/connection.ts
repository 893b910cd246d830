import { setTimeout as sleep } from 'node:timers/promises'
import { StorageError } from '@waybill/core/contracts'
import type { SqlDatabase, SqlExecutor, SqlTransaction, Statement, StatementResult } from '@waybill/sql'
import type { Database, Statement as Prepared } from 'better-sqlite3'
import { SelectQueryNode } from 'kysely'
import { classifySqliteError } from './errors.ts'
import { identityOf } from './file-identity.ts'
import { type AtomicAccess, OptimisticTransaction, type Run } from './optimistic-transaction.ts'
import type { ResolvedStorageOptions } from './options.ts'
import { whileBusy } from './retry.ts'
import { type Synchronous, WriteQueue } from './write-queue.ts'

export type ConnectionOptions = Pick<ResolvedStorageOptions, 'lockTimeoutMs' | 'writeGapMs'>

/** After another connection's commit, gaps are left between our writes for so long. */
const othersWriteForMs = 1000

/**
 * The storage's own connection.
 *
 * SQLite has one writer at a time, and better-sqlite3 waits for the lock by blocking the thread. So this connection never
 * waits: a refused lock is asked for again from a timer. And it never keeps a lock beyond one synchronous call.
 */
export class SqliteConnection implements SqlDatabase, AtomicAccess {
  readonly lazy: SqlExecutor = { execute: (statement) => this.#execute(statement, 'normal') }
  readonly urgent: SqlExecutor = { execute: (statement) => this.#alone('full', () => this.#run(statement)) }
  readonly #database: Database
  readonly #options: ConnectionOptions
  readonly #identity: string | undefined
  readonly #prepared = new Map<string, Prepared<unknown[]>>()
  readonly #writes: WriteQueue
  #lastWriteAt = 0
  #synchronous: Synchronous | undefined
  #dataVersion: unknown
  #othersWriteUntil = 0

  constructor(database: Database, options: ConnectionOptions) {
    this.#database = database
    this.#options = options
    this.#identity = identityOf(database.name)
    this.#dataVersion = this.dataVersion()
    this.#writes = new WriteQueue({
      leaveGap: () => this.#leaveGap(),
      alone: (synchronous, attempt) => this.#alone(synchronous, attempt),
      inTransaction: (synchronous, attempt) =>
        this.#alone(synchronous, () =>
          this.#inTransaction('begin immediate', () => ({ result: attempt(), commit: true })),
        ),
    })
  }

  execute<Row>(statement: Statement<Row>): Promise<StatementResult<Row>> {
    return this.#execute(statement, 'full')
  }

  /** Reads in one snapshot. Takes no lock that a writer could hold. */
  read<T>(work: (run: Run) => T): Promise<T> {
    return this.#retried(() => this.#inTransaction('begin', (run) => ({ result: work(run), commit: true })))
  }

  write<T>(work: (run: Run) => { readonly result: T; readonly commit: boolean }): Promise<T> {
    const attempt = () => this.#inTransaction('begin immediate', work)
    return this.#writes.add({ attempt, synchronous: 'full', alone: true })
  }

  async transaction<T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T> {
    const deadline = performance.now() + this.#options.lockTimeoutMs
    for (;;) {
      const transaction = new OptimisticTransaction(this)
      const result = await work(transaction)
      if (await transaction.commit()) return result
      if (performance.now() >= deadline) {
        throw new StorageError('STORAGE_CONFLICT', 'Other transactions kept changing what this one had read')
      }
    }
  }

  /** Changes when another connection, of this process or not, commits. Costs a few microseconds. */
  dataVersion(): unknown {
    return this.#prepare('pragma data_version').pluck().get()
  }

  close(): void {
    this.#prepared.clear()
    this.#database.close()
  }

  #execute<Row>(statement: Statement<Row>, synchronous: Synchronous): Promise<StatementResult<Row>> {
    const attempt = () => this.#run(statement)
    if (SelectQueryNode.is(statement.query)) return this.#retried(attempt)
    return this.#writes.add({ attempt, synchronous, alone: false })
  }

  async #leaveGap(): Promise<void> {
    const dataVersion = this.dataVersion()
    const now = performance.now()
    if (dataVersion !== this.#dataVersion) this.#othersWriteUntil = now + othersWriteForMs
    this.#dataVersion = dataVersion
    const gapMs = this.#lastWriteAt + this.#options.writeGapMs - now
    if (now < this.#othersWriteUntil && gapMs > 0) await sleep(gapMs)
  }

  /** A write that shares its commit with nobody. */
  async #alone<T>(synchronous: Synchronous, attempt: () => T): Promise<T> {
    try {
      return await this.#retried(() => {
        this.#setSynchronous(synchronous)
        return attempt()
      })
    } finally {
      this.#lastWriteAt = performance.now()
    }
  }

  async #retried<T>(attempt: () => T): Promise<T> {
    const onBusy = () => {
      this.#othersWriteUntil = performance.now() + othersWriteForMs
    }
    try {
      this.#requireItsFile()
      return await whileBusy(attempt, { timeoutMs: this.#options.lockTimeoutMs, onBusy })
    } catch (error) {
      throw classifySqliteError(error)
    }
  }

  /** A file that has been moved, removed or replaced still opens to whoever has it open, but nobody else writes there. */
  #requireItsFile(): void {
    const { name } = this.#database
    if (identityOf(name) === this.#identity) return
    const text = `'${name}' is not the file any more that was opened: it has been moved, removed or replaced`
    throw new StorageError('STORAGE_MISSING', `${text}. Restart whatever has it open`)
  }

  #inTransaction<T>(
    begin: 'begin' | 'begin immediate',
    work: (run: Run) => { readonly result: T; readonly commit: boolean },
  ): T {
    this.#prepare(begin).run()
    try {
      const { result, commit } = work((statement) => this.#run(statement).rows)
      if (commit) this.#prepare('commit').run()
      return result
    } finally {
      if (this.#database.inTransaction) this.#prepare('rollback').run()
    }
  }

  #run<Row>(statement: Statement<Row>): StatementResult<Row> {
    const prepared = this.#prepare(statement.sql)
    // The driver types rows as unknown; the statement knows what it answers.
    if (prepared.reader) return { rows: prepared.all(...statement.parameters) as Row[], affected: 0 }
    return { rows: [], affected: prepared.run(...statement.parameters).changes }
  }

  #setSynchronous(level: Synchronous): void {
    if (level === this.#synchronous) return
    this.#database.exec(`pragma synchronous = ${level}`)
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
