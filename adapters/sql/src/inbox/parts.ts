import type { Transition, TransitionOutcome } from '@waybill/core/contracts'
import { type CommandClaim, type CommandClaimRequest, type Receipt, StorageError } from '@waybill/core/contracts'
import type { RawBuilder } from 'kysely'
import type { SqlExecutor } from '../executor.ts'

export interface InboxParts<Tx> {
  readonly name: string
  /** Runs statements inside the caller's transaction. */
  within(tx: Tx): SqlExecutor
  /** Runs statements outside transactions. */
  readonly executor: SqlExecutor
  /** Runs statements in a transaction of its own, at `read committed` where there is a choice. */
  transaction<T>(work: (executor: SqlExecutor) => Promise<T>): Promise<T>
  readonly server: InboxServer
}

/** How the servers differ for a consumer. */
export interface InboxServer {
  /** The time of a receipt. Absent: the clock. */
  readonly recordedAt?: RawBuilder<number>
  /** Records receipts that differ, in this order, and answers which of them are new. */
  record(executor: SqlExecutor, receipts: readonly Receipt[]): Promise<readonly boolean[]>
  claim(executor: SqlExecutor, request: CommandClaimRequest): Promise<CommandClaim>
  append(executor: SqlExecutor, transition: Transition): Promise<TransitionOutcome>
  /** In an insert, before what is set where a row of the consumer and key is there. */
  readonly whenKnown: RawBuilder<unknown>
  /** At the end of an insert of a row that may be there already, and then stays as it is. */
  readonly unlessThere: RawBuilder<unknown>
  /** A statement by itself, outside transactions, has committed when it is answered. Absent: that takes a transaction. */
  readonly commitsAlone?: boolean
  /** At the end of a `select` inside a transaction: passes over rows that somebody else holds, and holds the others. */
  readonly skipLocked: RawBuilder<unknown>
}

const attemptsAtMost = 5

/** Repeats what others came between: a transaction of its own, of which nothing is left then. */
export async function repeated<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt()
    } catch (error) {
      const isConflict = StorageError.isInstance(error) && error.code === 'STORAGE_CONFLICT'
      if (!isConflict || attempts === attemptsAtMost) throw error
    }
  }
}

/** What the caller's transaction is told when others come between again and again. */
export function keptComing(what: string): StorageError {
  return new StorageError('STORAGE_CONFLICT', `Other transactions came between again and again: ${what}`)
}
