import type { CrashMarks, Receipt } from '@waybill/core/contracts'
import { sql } from 'kysely'
import type { SqlContext } from '../dialect.ts'
import type { SqlExecutor } from '../executor.ts'
import { type InboxParts, repeated } from './parts.ts'

export function sqlCrashMarks<Tx>(context: SqlContext, parts: InboxParts<Tx>): CrashMarks<Tx> {
  const { builder, dialect, table } = context
  const marks = table.inbox_crashes
  const count = async (executor: SqlExecutor, { consumer, key }: Receipt) => {
    const query = builder.selectFrom(marks).select('beginnings').where('consumer', '=', consumer).where('key', '=', key)
    const { rows } = await executor.execute(query.compile())
    return Number(rows[0]?.beginnings ?? 0)
  }
  const end = async (executor: SqlExecutor, { consumer, key }: Receipt) => {
    const removal = builder.deleteFrom(marks).where('consumer', '=', consumer).where('key', '=', key)
    await executor.execute(removal.compile())
  }
  const begin = ({ consumer, key }: Receipt) =>
    builder
      .insertInto(marks)
      .values({ consumer, key, beginnings: 1, begun_at: dialect.now })
      .modifyEnd(
        sql`${parts.server.whenKnown} beginnings = ${sql.table(marks)}.beginnings + 1, begun_at = ${dialect.now}`,
      )
  return {
    count: (receipt) => count(parts.executor, receipt),
    begin: (receipt) =>
      repeated(() =>
        parts.transaction(async (executor) => {
          await executor.execute(begin(receipt).compile())
          return count(executor, receipt)
        }),
      ),
    end: (tx, receipt) => end(parts.within(tx), receipt),
    forget: (receipt) => repeated(() => parts.transaction((executor) => end(executor, receipt))),
  }
}
