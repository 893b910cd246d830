import type { InboxStorage, Receipt } from '@waybill/core/contracts'
import { sql } from 'kysely'
import { refuseBadNumbers } from './admin/admin.ts'
import type { SqlContext } from './dialect.ts'
import type { SqlExecutor } from './executor.ts'
import { template } from './template.ts'

export interface InboxParts<Tx> {
  readonly name: string
  /** Runs statements inside the caller's transaction. */
  within(tx: Tx): SqlExecutor
  /** Runs statements outside transactions. */
  readonly executor: SqlExecutor
}

export function sqlInbox<Tx>(context: SqlContext, { name, within, executor }: InboxParts<Tx>): InboxStorage<Tx> {
  const { builder, dialect, table } = context
  const insert = template<Receipt, unknown>((parameter) =>
    dialect.skipKnown(
      builder.insertInto(table.receipts).values({
        consumer: parameter(({ consumer }) => consumer),
        key: parameter(({ key }) => key),
        recorded_at: dialect.now,
      }),
    ),
  )
  return {
    specificationVersion: 'v1',
    name,
    async record(tx, receipts) {
      const transaction = within(tx)
      const recorded = new Set<number>()
      for (const index of inKeyOrder(receipts)) {
        const receipt = receipts[index]
        if (receipt === undefined) continue
        // One by one: only the count of each insert tells which of them was there, byte for byte.
        const { affected } = await transaction.execute(insert(receipt))
        if (affected > 0) recorded.add(index)
      }
      return receipts.map((_, index) => (recorded.has(index) ? 'recorded' : 'duplicate'))
    },
    async prune(options) {
      refuseBadNumbers(options)
      const { olderThanMs, batchSize = 1000, signal } = options
      let removed = 0
      for (let after: Receipt | null = { consumer: '', key: '' }; after !== null; ) {
        signal?.throwIfAborted()
        const step = await pruneStep(context, executor, { after, rows: batchSize, olderThanMs })
        removed += step.removed
        after = step.after
      }
      return removed
    },
  }
}

/** Indexes in one order for every transaction, so that two that overlap cannot deadlock. */
function inKeyOrder(receipts: readonly Receipt[]): readonly number[] {
  const text = (index: number) => `${receipts[index]?.consumer}\u0000${receipts[index]?.key}`
  return receipts.map((_, index) => index).sort((a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : a - b))
}

interface PruneStep {
  readonly after: Receipt
  readonly rows: number
  readonly olderThanMs: number
}

/** Looks at so many receipts in the order of their key, and removes those that are old. There is no index by time. */
async function pruneStep(
  { builder, dialect, table }: SqlContext,
  executor: SqlExecutor,
  { after, rows, olderThanMs }: PruneStep,
): Promise<{ readonly removed: number; readonly after: Receipt | null }> {
  const isOld = sql<number>`case when recorded_at <= ${dialect.now} - ${olderThanMs} then 1 else 0 end`
  const pair = [sql.ref('consumer'), sql.ref('key')] as const
  const looked = await executor.execute(
    builder
      .selectFrom(table.receipts)
      .select(['consumer', 'key', isOld.as('old')])
      .where(
        dialect.pairAfter?.(pair, [after.consumer, after.key]) ??
          sql<boolean>`(${sql.join(pair)}) > (${after.consumer}, ${after.key})`,
      )
      .orderBy('consumer')
      .orderBy('key')
      .limit(rows)
      .compile(),
  )
  const last = looked.rows.length < rows ? null : (looked.rows.at(-1) ?? null)
  const old = looked.rows.filter((row) => Number(row.old) === 1).map((row) => [row.consumer, row.key] as const)
  if (old.length === 0) return { removed: 0, after: last }
  const removal = builder.deleteFrom(table.receipts).where(dialect.pairOneOf(pair, sql`${dialect.list(old)}`))
  const { affected } = await executor.execute(removal.compile())
  return { removed: affected, after: last }
}
