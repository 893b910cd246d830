import type { RecordedTransition, Transition, TransitionLog } from '@waybill/core/contracts'
import { type RawBuilder, sql } from 'kysely'
import type { SqlContext } from '../dialect.ts'
import type { SqlExecutor } from '../executor.ts'
import type { InboxParts } from './parts.ts'

export function sqlTransitions<Tx>(context: SqlContext, parts: InboxParts<Tx>): TransitionLog<Tx> {
  const { builder, table } = context
  return {
    append: async (tx, transition) => parts.server.append(parts.within(tx), transition),
    async history(machine, entity, { signal } = {}) {
      signal?.throwIfAborted()
      const query = builder
        .selectFrom(table.transitions)
        .selectAll()
        .where('machine', '=', machine)
        .where('entity', '=', entity)
        .orderBy('sequence')
      const { rows } = await parts.executor.execute(query.compile())
      return rows.map(
        (row): RecordedTransition => ({
          machine,
          entity,
          from: row.from_state,
          to: row.to_state,
          ...(row.reason !== null && { reason: row.reason }),
          sequence: Number(row.sequence),
          at: Number(row.at),
        }),
      )
    },
  }
}

/** Where an entity is. `hold`: at the end of the statement. */
export async function lastTransition(
  { builder, table }: SqlContext,
  executor: SqlExecutor,
  { machine, entity }: Pick<Transition, 'machine' | 'entity'>,
  hold: RawBuilder<unknown> = sql``,
): Promise<{ readonly sequence: number; readonly to: string } | undefined> {
  const query = builder
    .selectFrom(table.transitions)
    .select(['sequence', 'to_state'])
    .where('machine', '=', machine)
    .where('entity', '=', entity)
    .orderBy('sequence', 'desc')
    .limit(1)
    .modifyEnd(hold)
  const [row] = (await executor.execute(query.compile())).rows
  return row && { sequence: Number(row.sequence), to: row.to_state }
}
