import { isDeepStrictEqual } from 'node:util'
import type { SqlTransaction, Statement } from '@waybill/sql'

/** What a transaction needs of the connection. `work` runs without a pause, and takes or leaves the lock as a whole. */
export interface AtomicAccess {
  read<T>(work: (run: Run) => T): Promise<T>
  /** `work` answers whether to commit. */
  write<T>(work: (run: Run) => { readonly result: T; readonly commit: boolean }): Promise<T>
}

export type Run = <Row>(statement: Statement<Row>) => readonly Row[]

interface Step {
  readonly statement: Statement
  /** What a read answered; null for a write. */
  readonly seen: readonly unknown[] | null
}

/**
 * A transaction that holds no lock while its work runs, because that work goes on in microtasks. Between them the
 * application may run a statement on its own connection, in this thread; it would wait for our lock, block the thread, and
 * we could never give the lock back. So reads are remembered and writes are put off; at the end all steps run at once, and
 * count if the reads answer what they answered before.
 */
export class OptimisticTransaction implements SqlTransaction {
  readonly #access: AtomicAccess
  readonly #steps: Step[] = []

  constructor(access: AtomicAccess) {
    this.#access = access
  }

  async read<Row>(statement: Statement<Row>): Promise<readonly Row[]> {
    const rows = await this.glance(statement)
    this.#steps.push({ statement, seen: rows })
    return rows
  }

  glance<Row>(statement: Statement<Row>): Promise<readonly Row[]> {
    const writes = this.#steps.filter((step) => step.seen === null)
    if (writes.length === 0) return this.#access.read((run) => run(statement))
    return this.#access.write((run) => {
      for (const write of writes) run(write.statement)
      return { result: run(statement), commit: false }
    })
  }

  async write(statement: Statement): Promise<void> {
    this.#steps.push({ statement, seen: null })
  }

  /** Answers whether the transaction counts; if not, somebody else's came between. */
  commit(): Promise<boolean> {
    const replay = (run: Run): boolean =>
      this.#steps.every(({ statement, seen }) => {
        const rows = run(statement)
        return seen === null || isDeepStrictEqual(rows, seen)
      })
    if (this.#steps.every((step) => step.seen !== null)) return this.#access.read(replay)
    return this.#access.write((run) => {
      const unchanged = replay(run)
      return { result: unchanged, commit: unchanged }
    })
  }
}
