import { appendByInsert, claimByUpsert, type InboxServer, recordReturning, type SqlContext } from '@waybill/sql'
import { sql } from 'kysely'

/** A transaction that writes is the only one: nobody ever finds another one open. */
export function sqliteInboxServer(context: SqlContext): InboxServer {
  return {
    record: recordReturning(
      context,
      (list) => sql`select value ->> 0 as first, value ->> 1 as second from json_each(${list})`,
    ),
    claim: claimByUpsert(context, () => sql<boolean>`1`),
    append: appendByInsert(context),
    whenKnown: sql`on conflict (consumer, key) do update set`,
    unlessThere: sql`on conflict do nothing`,
    skipLocked: sql``,
  }
}
