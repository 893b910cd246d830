import { appendByInsert, claimByUpsert, type InboxServer, recordReturning, type SqlContext } from '@waybill/sql'
import { sql } from 'kysely'

export function postgresInboxServer(context: SqlContext): InboxServer {
  return {
    record: recordReturning(
      context,
      (list) => sql`select pair ->> 0 as first, pair ->> 1 as second from json_array_elements(${list}::json) as pair`,
    ),
    // No insert can be asked not to wait. So whoever claims takes a lock that can, until the end of its transaction.
    claim: claimByUpsert(context, ({ scope, key, whenBusy }) => {
      const name = JSON.stringify(['waybill command', context.tablePrefix, scope, key])
      // Such locks are the whole database's. Without a schema the tables are where the connection looks first.
      const schema = context.schema === undefined ? sql`coalesce(current_schema(), '')` : sql`${context.schema}::text`
      const lock = sql`hashtextextended(${schema} || ${name}, 0)`
      if (whenBusy === 'refuse') return sql<boolean>`pg_try_advisory_xact_lock(${lock})`
      return sql<boolean>`pg_advisory_xact_lock(${lock})::text is not null`
    }),
    append: appendByInsert(context),
    whenKnown: sql`on conflict (consumer, key) do update set`,
    unlessThere: sql`on conflict do nothing`,
    commitsAlone: true,
    skipLocked: sql`for update skip locked`,
  }
}
