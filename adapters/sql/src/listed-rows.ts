import type { DeleteQueryBuilder, DeleteResult, UpdateQueryBuilder, UpdateResult } from 'kysely'
import type { SqlContext } from './dialect.ts'
import type { Tables } from './tables.ts'

/** The beginning of an update of messages that are listed by position. */
export function updateListed({
  builder,
  dialect,
  table,
}: SqlContext): UpdateQueryBuilder<Tables, 'messages', 'messages', UpdateResult> {
  // Kysely has no type for one table or another; to the statement both are the messages.
  return builder.updateTable((dialect.byPosition?.(table.messages) ?? table.messages) as typeof table.messages)
}

/** The beginning of a removal of messages that are listed by position. */
export function deleteListed({
  builder,
  dialect,
  table,
}: SqlContext): DeleteQueryBuilder<Tables, 'messages', DeleteResult> {
  const source = dialect.byPosition?.(table.messages)
  return source === undefined ? builder.deleteFrom(table.messages) : builder.deleteFrom('messages').using(source)
}
