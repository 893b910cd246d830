import type { PruneOptions } from '@waybill/core/contracts'
import { type RawBuilder, sql } from 'kysely'
import { refuseBadNumbers } from '../admin/admin.ts'
import type { SqlContext } from '../dialect.ts'
import type { SqlExecutor } from '../executor.ts'

/** A table whose rows have two names and a time, by which they grow old. There is no index by time. */
interface Prunable {
  readonly table: 'receipts' | 'inbox_crashes' | 'commands'
  readonly names: readonly [string, string]
  readonly time: string
  /** There are several rows of the same names, which are as old as the youngest of them. */
  readonly together?: true
}

export const receiptsByTime: Prunable = { table: 'receipts', names: ['consumer', 'key'], time: 'recorded_at' }
export const crashesByTime: Prunable = {
  table: 'inbox_crashes',
  names: ['consumer', 'key'],
  time: 'begun_at',
  together: true,
}
export const commandsByTime: Prunable = { table: 'commands', names: ['scope', 'key'], time: 'expires_at' }

/** Removes what is old, in the order of the names, each batch in a transaction of its own. Answers how many. */
export async function prune(
  context: SqlContext,
  executor: SqlExecutor,
  prunable: Prunable,
  options: PruneOptions,
): Promise<number> {
  refuseBadNumbers(options)
  const { olderThanMs, batchSize: rows = 1000, signal } = options
  let removed = 0
  for (let after: Names | null = ['', '']; after !== null; ) {
    signal?.throwIfAborted()
    const step = await pruneStep(context, executor, prunable, { after, rows, olderThanMs })
    removed += step.removed
    after = step.after
  }
  return removed
}

type Names = readonly [string, string]

interface Row {
  readonly first: string
  readonly second: string
  readonly old: number
}

/** Looks at so many rows, and removes those that are old and have stayed so. */
async function pruneStep(
  { builder, dialect, table }: SqlContext,
  executor: SqlExecutor,
  prunable: Prunable,
  step: { readonly after: Names; readonly rows: number; readonly olderThanMs: number },
): Promise<{ readonly removed: number; readonly after: Names | null }> {
  const { after, rows, olderThanMs } = step
  const isOld = (time: RawBuilder<unknown>) => sql<boolean>`${time} <= ${dialect.now} - ${olderThanMs}`
  const time = sql.ref(prunable.time)
  const oldOrNot = sql<number>`case when ${isOld(prunable.together ? sql`max(${time})` : time)} then 1 else 0 end`
  const pair = [sql.ref<string>(prunable.names[0]), sql.ref<string>(prunable.names[1])] as const
  const from: RawBuilder<unknown> = sql`${sql.join(pair)}`
  // Kysely has no type for one table or another; nothing below depends on which it is.
  const name = table[prunable.table] as 'receipts'
  const looked = builder
    .selectFrom(name)
    .select([pair[0].as('first'), pair[1].as('second'), oldOrNot.as('old')])
    .where(dialect.pairAfter?.(pair, [...after]) ?? sql<boolean>`(${from}) > (${after[0]}, ${after[1]})`)
    .orderBy(pair[0])
    .orderBy(pair[1])
    .limit(rows)
    .$if(prunable.together === true, (query) => query.groupBy(pair))
  const found: readonly Row[] = (await executor.execute(looked.compile())).rows
  const last = found.length < rows ? undefined : found.at(-1)
  const next = last === undefined ? null : ([last.first, last.second] as const)
  const old = found.filter((row) => Number(row.old) === 1).map(({ first, second }) => [first, second] as const)
  if (old.length === 0) return { removed: 0, after: next }
  const removal = builder
    .deleteFrom(name)
    .where(dialect.pairOneOf(pair, sql`${dialect.list(old)}`))
    .where(isOld(time))
  return { removed: (await executor.execute(removal.compile())).affected, after: next }
}
