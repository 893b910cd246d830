import type { InboxBurial, InboxDeadLetters, Receipt } from '@waybill/core/contracts'
import { type RawBuilder, sql } from 'kysely'
import type { SqlContext } from '../dialect.ts'
import type { SqlExecutor } from '../executor.ts'
import { once } from '../lanes/pending-rows.ts'
import { letterOperations } from './letter-operations.ts'
import { foremost, letterRows } from './letter-queries.ts'
import { toLetter, toLetterRow } from './letter-row.ts'
import { type InboxParts, type InboxServer, repeated } from './parts.ts'

export function sqlInboxDeadLetters<Tx>(context: SqlContext, parts: InboxParts<Tx>): InboxDeadLetters<Tx> {
  const { server, executor } = parts
  return {
    bury: (burial) => repeated(() => parts.transaction((transaction) => bury(context, server, transaction, burial))),
    async due(consumer, limit) {
      const found = letterRows(context, { consumer }).where(foremost(context)).limit(limit)
      const { rows } = await executor.execute(found.compile())
      return { letters: rows.map(toLetter), nextDueInMs: await nextDueInMs(context, executor, consumer) }
    },
    take: (tx, receipt) => take(context, server, parts.within(tx), receipt),
    ...letterOperations(context, parts),
  }
}

async function nextDueInMs(
  { builder, dialect, table }: SqlContext,
  executor: SqlExecutor,
  consumer: string,
): Promise<number | null> {
  const query = builder
    .selectFrom(table.inbox_dead_letters)
    .select(sql<number | null>`min(due_at) - ${dialect.now}`.as('due_in'))
    .where('consumer', '=', consumer)
    .where('due_at', '>', once(dialect.now))
  const dueIn = (await executor.execute(query.compile())).rows[0]?.due_in ?? null
  return dueIn === null ? null : Math.max(0, Number(dueIn))
}

/** Removes the row that no one else has in hand. */
async function take(
  context: SqlContext,
  { skipLocked }: InboxServer,
  executor: SqlExecutor,
  receipt: Receipt,
): Promise<boolean> {
  const { builder, table } = context
  const own = ofReceipt(context, receipt).where(foremost(context)).modifyEnd(skipLocked)
  const [row] = (await executor.execute(own.compile())).rows
  if (row === undefined) return false
  const removal = builder.deleteFrom(table.inbox_dead_letters).where('position', '=', row.position)
  return (await executor.execute(removal.compile())).affected > 0
}

function ofReceipt({ builder, table }: SqlContext, { consumer, key }: Receipt) {
  return builder
    .selectFrom(table.inbox_dead_letters)
    .select('position')
    .where('consumer', '=', consumer)
    .where('key', '=', key)
}

/** One statement for the letter, whether it is there or not, and one for those behind it. */
async function bury(
  context: SqlContext,
  { whenKnown }: InboxServer,
  executor: SqlExecutor,
  burial: InboxBurial,
): Promise<void> {
  const { builder, dialect, table } = context
  const letters = table.inbox_dead_letters
  const { attempts, redriveInMs } = burial
  const row = toLetterRow(burial)
  const redrives = redriveInMs === undefined ? 0 : 1
  const dueAt: RawBuilder<number | null> =
    redriveInMs === undefined ? sql`null` : sql`${dialect.now} + ${Math.ceil(redriveInMs)}`
  const known = (column: string) => sql`${sql.table(letters)}.${sql.ref(column)}`
  const changes = sql`reason = ${row.reason}, error = ${row.error}, died_at = ${dialect.now}, due_at = ${dueAt},
    attempts = ${known('attempts')} + ${attempts}, redrives = ${known('redrives')} + ${redrives}`
  const insert = builder
    .insertInto(letters)
    .values({ ...row, attempts, redrives, died_at: dialect.now, due_at: dueAt })
    .modifyEnd(sql`${whenKnown} ${changes}`)
  await executor.execute(insert.compile())
  if (row.scope === null || row.scope === undefined) return
  const [own] = (await executor.execute(ofReceipt(context, burial.receipt).compile())).rows
  if (own === undefined) return
  const behind = builder
    .updateTable(letters)
    .set({ due_at: null })
    .where('consumer', '=', row.consumer)
    .where('scope', '=', row.scope)
    .where('position', '>', own.position)
    .where('due_at', 'is not', null)
  await executor.execute(behind.compile())
}
