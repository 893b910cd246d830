import type { Receipt, ReceiptOutcome } from '@waybill/core/contracts'
import { type RawBuilder, sql } from 'kysely'
import type { SqlContext } from '../dialect.ts'
import type { SqlExecutor } from '../executor.ts'
import { type Template, template } from '../template.ts'
import type { InboxServer } from './parts.ts'

type Record = (executor: SqlExecutor, receipts: readonly Receipt[]) => Promise<readonly ReceiptOutcome[]>

/** Of each call one statement, whether it has one receipt or many. */
export function recordReceipts(context: SqlContext, server: InboxServer): Record {
  const insert = insertOne(context, server)
  return async (executor, receipts) => {
    const [first, ...others] = receipts
    if (first === undefined) return []
    if (others.length === 0) {
      const { affected } = await executor.execute(insert(first))
      return [affected === 1 ? 'recorded' : 'duplicate']
    }
    const indexes = firstOfEachKey(receipts)
    const isNew = await server.record(
      executor,
      indexes.flatMap((index) => receipts[index] ?? []),
    )
    const recorded = new Set(indexes.filter((_, place) => isNew[place]))
    return receipts.map((_, index) => (recorded.has(index) ? 'recorded' : 'duplicate'))
  }
}

function insertOne({ builder, dialect, table }: SqlContext, { recordedAt }: InboxServer): Template<Receipt> {
  return template((parameter) =>
    dialect.skipKnown(
      builder.insertInto(table.receipts).values({
        consumer: parameter(({ consumer }) => consumer),
        key: parameter(({ key }) => key),
        recorded_at: recordedAt ?? dialect.now,
      }),
    ),
  )
}

/** Of equal receipts the first; in one order for every transaction, so that two that overlap cannot deadlock. */
function firstOfEachKey(receipts: readonly Receipt[]): readonly number[] {
  const texts = new Map<string, number>()
  for (const [index, { consumer, key }] of receipts.entries()) {
    const text = `${consumer}\u0000${key}`
    if (!texts.has(text)) texts.set(text, index)
  }
  return [...texts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, index]) => index)
}

/**
 * Records many by one statement, which answers the new ones.
 *
 * @param pairs - Rows of consumer and key, in the order of the list.
 */
export function recordReturning(
  { builder, dialect, table }: SqlContext,
  pairs: (list: RawBuilder<unknown>) => RawBuilder<unknown>,
): InboxServer['record'] {
  const insert = template<readonly Receipt[], Receipt>((parameter) => {
    const list = parameter((receipts) => dialect.list(receipts.map(({ consumer, key }) => [consumer, key] as const)))
    return builder
      .insertInto(table.receipts)
      .columns(['consumer', 'key', 'recorded_at'])
      .expression(sql`select first, second, ${dialect.now} from (${pairs(list)}) as pairs where 1 = 1`)
      .onConflict((conflict) => conflict.doNothing())
      .returning(['consumer', 'key'])
  })
  const text = ({ consumer, key }: Receipt) => `${consumer}\u0000${key}`
  return async (executor, receipts) => {
    const { rows } = await executor.execute(insert(receipts))
    const added = new Set(rows.map(text))
    return receipts.map((receipt) => added.has(text(receipt)))
  }
}
