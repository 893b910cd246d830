import { type CommandKey, type CommandStorage, TransactionError } from '@waybill/core/contracts'
import { sql } from 'kysely'
import type { SqlContext } from '../dialect.ts'
import type { SqlExecutor } from '../executor.ts'
import type { InboxParts } from './parts.ts'
import { commandsByTime, prune } from './prune.ts'

export function sqlCommands<Tx>(context: SqlContext, parts: InboxParts<Tx>): CommandStorage<Tx> {
  const { builder, table } = context
  return {
    claim: async (tx, request) => parts.server.claim(parts.within(tx), request),
    async complete(tx, { scope, key }, result) {
      const update = builder
        .updateTable(table.commands)
        .set({ result: JSON.stringify(result) })
        .where('scope', '=', scope)
        .where('key', '=', key)
        .where('result', 'is', null)
      const { affected } = await parts.within(tx).execute(update.compile())
      if (affected > 0) return
      throw new TransactionError(`The command '${key}' of '${scope}' has no open claim: claim it in this transaction`)
    },
    find: (command) => findDone(context, parts.executor, command),
    prune: (options) => prune(context, parts.executor, commandsByTime, options),
  }
}

/** A command that is completed and not expired, as the executor sees it. */
export async function findDone(
  { builder, dialect, table }: SqlContext,
  executor: SqlExecutor,
  { scope, key }: CommandKey,
): Promise<{ readonly fingerprint: string; readonly result: string } | null> {
  const query = builder
    .selectFrom(table.commands)
    .select(['fingerprint', 'result'])
    .where('scope', '=', scope)
    .where('key', '=', key)
    .where('expires_at', '>', sql<number>`(${dialect.now})`)
  const [row] = (await executor.execute(query.compile())).rows
  if (row === undefined || row.result === null) return null
  return { fingerprint: row.fingerprint, result: JSON.parse(row.result) }
}
