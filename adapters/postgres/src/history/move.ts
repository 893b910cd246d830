import { type Parameter, type SqlContext, type Template, template } from '@waybill/sql'
import { type RawBuilder, sql } from 'kysely'
import { named } from '../schema/statement.ts'

/** What a message takes along. Why it died and when it was published are written anew. */
const columns = sql.join(
  [
    ...['position', 'id', 'topic', 'type', 'ordering_key', 'lane', 'payload', 'headers', 'attributes'],
    ...['aggregate_type', 'aggregate_id', 'attempts', 'crashes', 'max_attempts', 'available_at', 'expires_at'],
    ...['created_at', 'enqueued_at', 'last_error'],
  ].map((column) => sql.ref(column)),
)

/** Rows that were published leave for the history of the day, in one statement: they are in one place at any time. */
export function moveTemplate<Values>(
  context: SqlContext,
  isListed: (parameter: Parameter<Values>) => RawBuilder<boolean>,
): Template<Values> {
  return template((parameter) => {
    const query = sql`
      with published as (
        delete from ${named(context, 'messages')} where ${isListed(parameter)} and status = 'PENDING' returning ${columns}
      )
      insert into ${named(context, 'history')} (${columns}, status, published_at)
      select ${columns}, 'PUBLISHED', (select ${context.dialect.now}) from published`
    return { compile: () => query.compile(context.builder) }
  })
}
