import type { SqlDialect } from '@waybill/sql'
import { type RawBuilder, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, sql } from 'kysely'

/** Milliseconds since the epoch. Rounded, because the product of a fraction of seconds may fall short of the whole. */
const now = sql<number>`cast(round(unixepoch('subsec') * 1000) as integer)`

const nothing = sql``

export const sqliteDialect: SqlDialect = {
  compiler: {
    createAdapter: () => new SqliteAdapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  },
  now,
  list: (values) => JSON.stringify(values),
  oneOf: (column, list) => sql`${column} in (select value from json_each(${list}))`,
  pairOneOf: ([first, second], list) =>
    sql`(${first}, ${second}) in (select value ->> 0, value ->> 1 from json_each(${list}))`,
  // One file has one history: AUTOINCREMENT never draws a position again.
  rowOneOf(parameter) {
    const list = parameter((rows) => `[${rows.map((row) => row.position).join()}]`)
    return sql`position in (select value from json_each(${list}))`
  },
  readsPayload: payloadAsText(),
  skipKnown: (insert) => insert.onConflict((conflict) => conflict.doNothing()),
  // A transaction that writes is the only one.
  holdAgainst: { change: nothing, removal: nothing },
  schema: {
    name: 'text',
    text: 'text',
    integer: 'integer',
    // Bytes by Waybill; other programs may write text.
    payload: sql`any`,
    position: (column) => column.primaryKey().autoIncrement(),
    lane: lane(),
    isName: (column) => sql`(length(${column}) between 1 and 255 and instr(${column}, char(0)) = 0)`,
    isBytes: (column) => sql`typeof(${column}) in ('blob', 'text')`,
    isJson: (column, type) =>
      sql`case when json_valid(${column}) then json_type(${column}) = ${sql.lit(type)} else 0 end`,
    areFields(column, types) {
      const fields = Object.entries(types).map(([field, type]) => {
        const expected = sql.lit(jsonType[type])
        return sql`coalesce(json_type(${column}, ${sql.lit(`$.${field}`)}), ${expected}) = ${expected}`
      })
      return sql`${sql.join(fields, sql` and `)}`
    },
    partialIndexes: true,
    tableExists: (name) => sql`select 1 from sqlite_master where type = 'table' and name = ${name}`,
    tableEnd: (kind) => (kind === 'rows' ? sql`strict` : sql`strict, without rowid`),
  },
}

/**
 * The driver makes a string in an eighth of the time that it takes for a Buffer, so payloads that should be JSON come as
 * text, see `payloadReader`. Not in a database whose texts are UTF-16: there a cast takes the bytes for something else.
 */
function payloadAsText(): RawBuilder<Uint8Array | string> {
  const isUtf8 = sql`length(cast(x'61' as text)) = 1`
  const isJson = sql`(attributes is null or instr(attributes, '"contentType"') = 0)`
  return sql`iif(${isUtf8} and ${isJson}, cast(payload as text), payload)`
}

const jsonType = { string: 'text', integer: 'integer' } as const

/**
 * SQLite has no hash function that is there in every program, so the lane is a polynomial of the first 16 code points, the
 * last 8 and the length, then multiplied by 2^32 / φ, of which the upper bits are well spread. No step overflows 64 bits.
 */
function lane(): RawBuilder<number> {
  const places = [-1, -2, -3, -4, -5, -6, -7, -8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
  const key = sql`coalesce(ordering_key, id)`
  let factor = 1
  const terms = places.map((place) => {
    const term = sql`coalesce(unicode(substr(${key}, ${sql.lit(place)}, 1)), 0) * ${sql.lit(factor)}`
    factor = (factor * 131) % 16_777_213
    return term
  })
  return sql`(((${sql.join(terms, sql` + `)} + length(${key}) * 7919) & 1073741823) * 2654435761 >> 26) & 63`
}
