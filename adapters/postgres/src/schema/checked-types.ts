import type { SchemaDialect } from '@waybill/sql'
import { sql } from 'kysely'
import { named, statement } from './statement.ts'

/**
 * Domains. The server reads the text of a table's checks anew for every statement that inserts, three microseconds each and
 * more for long ones, and keeps a domain's for the whole session.
 */
export const checkedType: NonNullable<SchemaDialect['checkedType']> = (context, name, { type, accepts }) => {
  const domain = named(context, name)
  const base = typeof type === 'string' ? sql.raw(type) : type
  return {
    type: sql`${domain}`,
    create: statement(context, sql`create domain ${domain} as ${base} check (${accepts(sql.raw('value'))})`),
    drop: statement(context, sql`drop domain ${domain}`),
  }
}

/** What compares columns with each other has to be a check of the table. With each column as seldom as can be: see above. */
export const stateCheck: NonNullable<SchemaDialect['stateCheck']> = sql`num_nulls(published_at, died_at, dead_reason) =
  case status when 'PENDING' then 3 when 'PUBLISHED' then 2 else 1 end
  and (status = 'PUBLISHED') = (published_at is not null) and (status <> 'DEAD' or last_error is not null)`
