import type { CommandClaimRequest } from '@waybill/core/contracts'
import { type RawBuilder, sql } from 'kysely'
import type { SqlContext } from '../dialect.ts'
import { findDone } from './commands.ts'
import { type InboxServer, keptComing } from './parts.ts'
import { lastTransition } from './transitions.ts'

const attemptsAtMost = 5

/**
 * Claims by one insert that takes over a row which is expired or was never completed. It waits for whoever has the row open.
 *
 * @param turn - What must be true before the insert: with `refuse` nobody else has the command.
 */
export function claimByUpsert(
  context: SqlContext,
  turn: (request: CommandClaimRequest) => RawBuilder<boolean>,
): InboxServer['claim'] {
  const { builder, dialect, table } = context
  const upsert = (request: CommandClaimRequest) => {
    const { scope, key, fingerprint, retentionMs } = request
    const text = (value: string) => sql`cast(${value} as text)`
    const row = sql`${text(scope)}, ${text(key)}, ${text(fingerprint)}, null, ${dialect.now} + ${retentionMs}`
    const held = sql.table(table.commands)
    return (
      builder
        // Before all else: a server evaluates the parts of one expression in the order that it likes.
        .with(
          (cte) => cte('turn').materialized(),
          (db) => db.selectNoFrom(turn(request).as('taken')),
        )
        .insertInto(table.commands)
        .columns(['scope', 'key', 'fingerprint', 'result', 'expires_at'])
        .expression(sql`select ${row} from turn where taken`)
        .onConflict((conflict) =>
          conflict
            .columns(['scope', 'key'])
            .doUpdateSet({
              fingerprint: sql`excluded.fingerprint`,
              result: null,
              expires_at: sql`excluded.expires_at`,
            })
            .where(sql<boolean>`(${held}.result is null or ${held}.expires_at <= ${dialect.now})`),
        )
        .returning('scope')
    )
  }
  return async (executor, request) => {
    for (let attempt = 1; attempt <= attemptsAtMost; attempt++) {
      const { rows } = await executor.execute(upsert(request).compile())
      if (rows.length > 0) return { type: 'new' }
      const done = await findDone(context, executor, request)
      if (done !== null) return { type: 'done', ...done }
      if (request.whenBusy === 'refuse') return { type: 'busy' }
    }
    throw keptComing(`the command '${request.key}' is made and removed`)
  }
}

/** Appends by one insert, which finds the state and waits for whoever appends to the same entity. */
export function appendByInsert(context: SqlContext): InboxServer['append'] {
  const { builder, dialect, table } = context
  return async (executor, transition) => {
    const { machine, entity, from, to, reason } = transition
    const text = (value: string | null) => sql`cast(${value} as text)`
    const last = builder
      .selectFrom(table.transitions)
      .select(['sequence', 'to_state'])
      .where('machine', '=', machine)
      .where('entity', '=', entity)
      .orderBy('sequence', 'desc')
      .limit(1)
    const row = sql`${text(machine)}, ${text(entity)}, coalesce(last.sequence, 0) + 1, ${text(from)}, ${text(to)}, ${text(reason ?? null)}, ${dialect.now}`
    const insert = builder
      .insertInto(table.transitions)
      .columns(['machine', 'entity', 'sequence', 'from_state', 'to_state', 'reason', 'at'])
      .expression(
        sql`select ${row} from (select 1 as one) as one left join ${last} as last on 1 = 1 where last.to_state is not distinct from ${text(from)}`,
      )
      .onConflict((conflict) => conflict.doNothing())
      .returning('sequence')
      .compile()
    for (let attempt = 1; attempt <= attemptsAtMost; attempt++) {
      const [appended] = (await executor.execute(insert)).rows
      if (appended !== undefined) return { type: 'appended', sequence: Number(appended.sequence) }
      const current = (await lastTransition(context, executor, transition))?.to ?? null
      if (current !== from) return { type: 'conflict', current }
    }
    throw keptComing(`'${entity}' moves in circles`)
  }
}
