import type { SqlDialect, Tables } from '@waybill/sql'
import {
  type AliasedRawBuilder,
  type Expression,
  MysqlAdapter,
  MysqlIntrospector,
  MysqlQueryCompiler,
  type RawBuilder,
  sql,
} from 'kysely'
import { enqueueProcedure } from './enqueue-procedure.ts'
import { keyLocks } from './key-locks.ts'

/**
 * Text that is compared byte for byte, spaces at its end too. The collation has another name on each server; each takes the
 * other's for a comment.
 */
const exactText = 'character set utf8mb4 collate /*!80017 utf8mb4_0900_bin */ /*M!100600 utf8mb4_nopad_bin */'

/**
 * Milliseconds since the epoch at the statement's beginning. Of the clocks it is the one that neither depends on the session's
 * time zone nor ends in 2038, and that an index can be searched by.
 */
const now = sql<number>`timestampdiff(microsecond, '1970-01-01', utc_timestamp(6)) div 1000`

/** Outside a transaction an insert has no id, and is refused. Of MariaDB alone: MySQL takes it for a comment. */
export const guard = '/*M!100600 if(@@in_transaction or not @@autocommit, */'

const forUpdate = sql`for update`

/** Of MySQL and MariaDB alike: nothing here differs between them. */
export const mysqlDialect: SqlDialect = {
  compiler: {
    createAdapter: () => new MysqlAdapter(),
    createQueryCompiler: () => new MysqlQueryCompiler(),
    createIntrospector: (db) => new MysqlIntrospector(db),
  },
  now,
  // mysql2 writes an array as the members of a list, and an array of arrays as a list of rows.
  list: (values) => (values.length === 0 ? [null] : values),
  oneOf: (column, list) => sql`${column} in (${list})`,
  pairOneOf: ([first, second], list) => sql`(${first}, ${second}) in (${list})`,
  pairAfter: ([first, second], [one, two]) => sql`(${first} > ${one} or (${first} = ${one} and ${second} > ${two}))`,
  // Two lists, since MariaDB searches no index by a list of rows. An id is known by itself: what else has drawn a position
  // since a failover has another one.
  rowOneOf: (parameter) =>
    sql`(position in (${parameter((rows) => rows.map((row) => row.position))}) and id in (${parameter((rows) => rows.map((row) => row.id))}))`,
  byPosition: (table) => throughIndex(table, 'primary'),
  insertedId: (id) => sql`${sql.raw(guard)} ${id} /*M!100600 , null) */`,
  // The server counts 1 for a row that it inserted, and 2 for one that it changed. A change to the same values would be
  // counted as the client's flags say, so this one changes something, and leaves the time odd.
  skipKnown: (insert) => insert.onDuplicateKeyUpdate({ recorded_at: sql`recorded_at + if(recorded_at & 1, 2, 1)` }),
  // A shared lock that is raised to an exclusive one deadlocks with whoever waits for the row, and the holder may raise it.
  holdAgainst: { change: forUpdate, removal: forUpdate },
  schema: {
    name: sql`varchar(255) ${sql.raw(exactText)}`,
    text: sql`longtext ${sql.raw(exactText)}`,
    integer: 'bigint',
    payload: sql`longblob`,
    position: (column) => column.primaryKey().autoIncrement(),
    uncheckedPosition: true,
    // Neither server's other hash functions are allowed here by the other one.
    lane: sql`crc32(coalesce(ordering_key, id)) & 63`,
    isName: (column) => sql`(char_length(${column}) between 1 and 255 and locate(char(0), ${column}) = 0)`,
    isJson: (column, type) => ifJson(column, sql`json_type(${column}) = ${sql.lit(type.toUpperCase())}`),
    areFields(column, types) {
      const fields = Object.entries(types).map(([field, type]) => {
        const found = sql`json_type(json_extract(${column}, ${sql.lit(`$.${field}`)}))`
        const [usual, large] = jsonTypes[type]
        return ifJson(column, sql`coalesce(${found}, ${sql.lit(usual)}) in (${sql.lit(usual)}, ${sql.lit(large)})`)
      })
      return sql`${sql.join(fields, sql` and `)}`
    },
    partialIndexes: false,
    tableExists: (name) =>
      sql`select 1 from information_schema.tables where table_schema = database() and table_name = ${name}`,
    tableEnd: () => sql`engine = InnoDB`,
    extras: (context) => {
      const [locks, procedure] = [keyLocks(context), enqueueProcedure(context)]
      return { create: [...locks.create, ...procedure.create], drop: [...procedure.drop, ...locks.drop] }
    },
  },
}

/**
 * The messages, to be searched by one index. A planner that has seen the table while it was empty, its usual state, would
 * take any.
 */
export function throughIndex(table: string, index: string): AliasedRawBuilder<Tables['messages'], 'messages'> {
  return sql<Tables['messages']>`${sql.table(table)}`.as<'messages'>(sql`messages force index (${sql.id(index)})`)
}

/** MySQL has another word for large integers. */
const jsonTypes = { string: ['STRING', 'STRING'], integer: ['INTEGER', 'UNSIGNED INTEGER'] } as const

/** The JSON functions fail where there is no JSON. */
function ifJson(column: Expression<unknown>, condition: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql`(case when json_valid(${column}) then ${condition} else 0 end) = 1`
}
