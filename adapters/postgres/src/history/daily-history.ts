import { WaybillError } from '@waybill/core/contracts'
import type { SqlContext, SqlExecutor } from '@waybill/sql'
import { sql } from 'kysely'
import { sqlState } from '../errors.ts'
import { named } from '../schema/statement.ts'

/** Looks after the tables of the days while a relay publishes. */
export interface DailyHistory {
  /** Makes sure that there is a table for today. */
  begin(executor: SqlExecutor): Promise<void>
  /** Runs a settlement that moves rows into the history of today, and now and then drops a day that is over its time. */
  publishing(executor: SqlExecutor, publish: () => Promise<number>): Promise<number>
}

const restMs = 3_600_000

export function dailyHistory(context: SqlContext, retentionMs: number): DailyHistory {
  const call = sql<{ name: string | null }>`
    select ${named(context, 'rotate_history')} (${retentionMs} * interval '1 millisecond') as name`
  const statement = call.compile(context.builder)
  let restsUntil = 0
  const rotate = async (executor: SqlExecutor) => {
    const { rows } = await executor.execute(statement)
    // There may be more days to drop, each in a transaction of its own.
    restsUntil = (rows[0]?.name ?? null) === null ? performance.now() + restMs : 0
  }
  return {
    begin: rotate,
    async publishing(executor, publish) {
      if (performance.now() >= restsUntil) await rotate(executor).catch(unlessLocked)
      try {
        return await publish()
      } catch (error) {
        if (!isWithoutTable(error)) throw error
        // The clock is beyond the days that were made: this process has stood still for long.
        await rotate(executor)
        return await publish()
      }
    },
  }
}

/** Somebody else is at it, or reads the history: the next settlement tries again. */
function unlessLocked(error: unknown): void {
  if (!(WaybillError.isInstance(error) && error.code === 'STORAGE_LOCKED')) throw error
}

/** A check of a table has a name; that there is no part for a row has none. */
function isWithoutTable(error: unknown): boolean {
  return WaybillError.isInstance(error) && error.code === 'STORAGE_UNKNOWN' && sqlState(error.cause) === '23514'
}
