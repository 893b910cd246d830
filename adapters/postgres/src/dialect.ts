import type { RowRef } from '@waybill/core/lanes'
import type { FieldTypes, SqlDialect } from '@waybill/sql'
import {
  type Expression,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  sql,
} from 'kysely'
import { checkedType, stateCheck } from './schema/checked-types.ts'
import { extras } from './schema/extras.ts'
import { tableSettings } from './schema/table-settings.ts'

/** The moment of the call, not of the transaction, in whole milliseconds: rounded down, so that nothing is due too early. */
const now = sql<number>`floor(date_part('epoch', clock_timestamp()) * 1000)::bigint`

/** Bytes decide, not the rules of a language. */
const text = sql`text collate "C"`

/** Of a sequence; beyond, an insert fails. */
const largestPosition = sql.lit(Number.MAX_SAFE_INTEGER)

const arrayType = { number: sql`bigint[]`, text: sql`text[]` } as const

export const postgresDialect: SqlDialect = {
  compiler: {
    createAdapter: () => new PostgresAdapter(),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createIntrospector: (db) => new PostgresIntrospector(db),
  },
  now,
  list: (values) => (Array.isArray(values[0]) ? JSON.stringify(values) : arrayLiteral(values)),
  oneOf: (column, list, element) => sql`${column} = any(${list}::${arrayType[element]})`,
  // Looked up in a hash table, where an array would be walked through for every row.
  noneOf: (column, list, element) => sql`${column} not in (select unnest(${list}::${arrayType[element]}))`,
  pairOneOf: ([first, second], list) =>
    sql`(${first}, ${second}) in (select pair ->> 0, pair ->> 1 from json_array_elements(${list}::json) as pair)`,
  // The position finds the row. The id makes sure: after a failover positions are drawn again.
  rowOneOf(parameter) {
    const positions = parameter(positionList)
    const ids = parameter((rows) => arrayLiteral(rows.map((row) => row.id)))
    return sql`(position, id) in (select * from unnest(${positions}::bigint[], ${ids}::text[]))`
  },
  skipKnown: (insert) => insert.onConflict((conflict) => conflict.doNothing()),
  holdAgainst: { change: sql`for update`, removal: sql`for key share` },
  schema: {
    name: sql`varchar(255) collate "C"`,
    text,
    integer: 'bigint',
    payload: 'bytea',
    position: (column) =>
      column.primaryKey().modifyEnd(sql`generated always as identity (maxvalue ${largestPosition})`),
    uncheckedPosition: true,
    lane: sql`(get_byte(decode(md5(coalesce(ordering_key, id)), 'hex'), 0) & 63)`,
    isName: (column) => sql`${column} <> ''`,
    // A text that is no JSON fails the cast, and the insert with it.
    isJson: (column, type) => sql`json_typeof(${column}::json) = ${sql.lit(type)}`,
    areFields,
    checkedType,
    stateCheck,
    partialIndexes: true,
    tableExists: (name) =>
      sql`select 1 from (select to_regclass(quote_ident(${name})) as name) as tables where name is not null`,
    tableEnd: (_, table) => sql`with (${sql.raw(tableSettings[table])})`,
    extras,
  },
}

export function positionList(rows: readonly Pick<RowRef, 'position'>[]): string {
  return `{${rows.map((row) => row.position).join()}}`
}

function arrayLiteral(values: readonly unknown[]): string {
  if (typeof values[0] === 'number') return `{${values.join()}}`
  return `{${values.map((value) => `"${String(value).replace(/["\\]/g, '\\$&')}"`).join()}}`
}

/** With one path instead of an expression for each field: the server takes in the text of every check at every insert. */
function areFields(object: Expression<unknown>, types: FieldTypes): RawBuilder<boolean> {
  const named = (type: FieldTypes[string]) =>
    Object.keys(types)
      .filter((field) => types[field] === type)
      .join('|')
  const largest = Number.MAX_SAFE_INTEGER
  const wrongText = `@.key like_regex "^(${named('string')})$" && @.value.type() != "string"`
  const isInteger = `@.value.floor() == @.value && @.value >= -${largest} && @.value <= ${largest}`
  const wrongInteger = `@.key like_regex "^(${named('integer')})$" && (@.value.type() != "number" || !(${isInteger}))`
  const wrong = sql.lit(`$.keyvalue() ? ((${wrongText}) || (${wrongInteger}))`)
  return sql`not (${object}::jsonb @? ${wrong}::jsonpath)`
}
