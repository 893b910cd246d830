import { sql } from 'kysely'
import type { SqlContext } from '../dialect.ts'
import type { SqlExecutor } from '../executor.ts'
import { deleteListed } from '../listed-rows.ts'

/** What one step through the published history found and did. */
export interface HistoryStep {
  readonly removed: number
  /** Published messages that are too young to be removed. */
  readonly young: number
  /** Where the next step begins; `null` at the end of the table. */
  readonly cursor: number | null
}

/**
 * Looks at so many rows after a position, and removes those that were published long enough ago. There is no index by time
 * of publication: it would cost at every publish, and positions are nearly in that order.
 */
export async function historyStep(
  context: SqlContext,
  executor: SqlExecutor,
  step: { readonly after: number; readonly rows: number; readonly olderThanMs: number },
): Promise<HistoryStep> {
  const { builder, dialect, table } = context
  const isOld = sql<number>`case when published_at <= ${dialect.now} - ${step.olderThanMs} then 1 else 0 end`
  const looked = await executor.execute(
    builder
      .selectFrom(table.messages)
      .select(['position', 'status', isOld.as('is_old')])
      .where('position', '>', step.after)
      .orderBy('position')
      .limit(step.rows)
      .compile(),
  )
  const published = looked.rows.filter((row) => row.status === 'PUBLISHED')
  const old = published.filter((row) => row.is_old === 1).map((row) => row.position)
  const cursor = looked.rows.length < step.rows ? null : (looked.rows.at(-1)?.position ?? null)
  if (old.length === 0) return { removed: 0, young: published.length, cursor }
  const removal = deleteListed(context)
    .where(dialect.oneOf(sql.ref('position'), sql`${dialect.list(old)}`, 'number'))
    .where('status', '=', 'PUBLISHED')
  const { affected } = await executor.execute(removal.compile())
  return { removed: affected, young: published.length - old.length, cursor }
}
