import type { RowRef } from '@waybill/core/lanes'
import {
  type AliasedRawBuilder,
  type ColumnDataType,
  type ColumnDefinitionBuilder,
  type Compilable,
  type Dialect,
  DummyDriver,
  type Expression,
  type InsertQueryBuilder,
  type InsertResult,
  Kysely,
  type RawBuilder,
  sql,
} from 'kysely'
import type { ValueKind } from './schema/value-kinds.ts'
import { type TableNames, type Tables, tableNames } from './tables.ts'
import type { Parameter } from './template.ts'

export type ReceiptInsert = InsertQueryBuilder<Tables, 'receipts', InsertResult>

/** What differs between the databases in the statements, and only that. */
export interface SqlDialect {
  readonly compiler: Pick<Dialect, 'createAdapter' | 'createQueryCompiler' | 'createIntrospector'>
  /** The database's clock in whole milliseconds since the epoch, the moment of the statement. */
  readonly now: RawBuilder<number>
  /** Makes one value of many, for {@link oneOf} and {@link pairOneOf}. */
  list(values: readonly (number | string | readonly [string, string])[]): unknown
  /** Whether a column is in a list of numbers or texts. */
  oneOf(column: Expression<unknown>, list: Expression<unknown>, element: 'number' | 'text'): RawBuilder<boolean>
  /** Whether a column is in no list, where that is something else than the opposite of {@link oneOf}. */
  noneOf?(column: Expression<unknown>, list: Expression<unknown>, element: 'number' | 'text'): RawBuilder<boolean>
  /** Whether two columns together are in a list of pairs of texts. */
  pairOneOf(
    columns: readonly [Expression<unknown>, Expression<unknown>],
    list: Expression<unknown>,
  ): RawBuilder<boolean>
  /**
   * Whether two columns come after two values, as their index is sorted. Absent: a comparison of rows, by which the index is
   * searched.
   */
  pairAfter?(
    columns: readonly [Expression<unknown>, Expression<unknown>],
    after: readonly [string, string],
  ): RawBuilder<boolean>
  /** Whether a row of the messages is listed: by position and id, or by position alone where none is drawn twice. */
  rowOneOf(parameter: Parameter<readonly RowRef[]>): RawBuilder<boolean>
  /**
   * The table of messages, to be searched by its primary key alone: for statements on listed rows. A planner that would
   * rather look at all rows of a small table waits for whoever has locked another one. Absent: where locks are not taken on
   * the way.
   */
  byPosition?(table: string): AliasedRawBuilder<Tables['messages'], 'messages'>
  /** What a read of pending rows takes for the payload. Absent: the column as it is. */
  readonly readsPayload?: RawBuilder<Uint8Array | string>
  /** What the insert of a single message takes for its id, which may be null outside a transaction, to be refused. @default the id */
  insertedId?(id: RawBuilder<string>): RawBuilder<string>
  /** Makes an insert pass over rows whose key is there, and over nothing else. */
  skipKnown(insert: ReceiptInsert): ReceiptInsert
  /** At the end of a `select` inside a transaction: rows are held against change, or only against removal. */
  readonly holdAgainst: { readonly change: RawBuilder<unknown>; readonly removal: RawBuilder<unknown> }
  readonly schema: SchemaDialect
}

/** Types of a JSON object's fields, by name. */
export type FieldTypes = Readonly<Record<string, 'string' | 'integer'>>

export interface CheckedType {
  readonly type: RawBuilder<unknown>
  readonly create: Compilable
  readonly drop: Compilable
}

/** What differs between the databases in the tables' definitions. */
export interface SchemaDialect {
  /** Text of at most 255 characters, compared byte for byte. */
  readonly name: ColumnDataType | RawBuilder<unknown>
  readonly text: ColumnDataType | RawBuilder<unknown>
  readonly integer: ColumnDataType | RawBuilder<unknown>
  readonly payload: ColumnDataType | RawBuilder<unknown>
  /** Makes a column the primary key, drawn ascending at the insert and never given twice. */
  position(column: ColumnDefinitionBuilder): ColumnDefinitionBuilder
  /** No check may look at such a column: the relay's store watches that positions stay safe integers. */
  readonly uncheckedPosition?: true
  /** Lane of `ordering_key ?? id`: stable for ever, well spread, computable by plain SQL. */
  readonly lane: RawBuilder<number>
  /** Whether a text has 1 to 255 characters, none of them NUL. */
  isName(column: Expression<unknown>): RawBuilder<boolean>
  /** Absent: the column's type says so. */
  isBytes?(column: Expression<unknown>): RawBuilder<boolean>
  /** Whether a text is a JSON value of that type. Never fails, whatever the text. */
  isJson(column: Expression<unknown>, type: 'object' | 'array'): RawBuilder<boolean>
  /** Whether each of these fields of a JSON object is absent or of its type. */
  areFields(column: Expression<unknown>, types: FieldTypes): RawBuilder<boolean>
  /** Makes a type that takes only such values. Absent: checks of the table look at them. */
  checkedType?(context: SqlContext, name: string, kind: ValueKind): CheckedType
  /** Whether a message has the times and reasons of its status, and no others. @default the same in plain SQL */
  readonly stateCheck?: RawBuilder<boolean>
  /** Whether an index can hold only the rows of a condition. Else one index begins with the status. */
  readonly partialIndexes: boolean
  /** Answers a row if there is a table of that name. */
  tableExists(name: string): RawBuilder<unknown>
  /** Follows the definition of a table, for example its engine. `rows`: it has a number as its primary key. */
  tableEnd(kind: 'rows' | 'keyed', table: keyof Tables): RawBuilder<unknown>
  /** What only this database has beside the tables, for example a function. */
  extras?(context: SqlContext): { readonly create: readonly Compilable[]; readonly drop: readonly Compilable[] }
}

/**
 * A lease that ends further ahead than it can have been given was given before the clock was set back. By as much as another
 * lease: where the clock is the statement's beginning, the row may have been renewed while the statement waited for it.
 */
export function expiredLease({ now }: SqlDialect): RawBuilder<number | boolean> {
  return sql`(lease_until <= ${now} or lease_until > ${now} + 2 * lease_ms)`
}

/** The builder of one storage's statements. It compiles and never executes. */
export interface SqlContext {
  readonly dialect: SqlDialect
  readonly builder: Kysely<Tables>
  readonly table: TableNames
  readonly tablePrefix: string
  /** Where the tables are; absent: wherever the connection looks for them. */
  readonly schema: string | undefined
}

export function sqlContext(dialect: SqlDialect, tablePrefix: string, schema?: string): SqlContext {
  const plain = new Kysely<Tables>({ dialect: { ...dialect.compiler, createDriver: () => new DummyDriver() } })
  const builder = schema === undefined ? plain : plain.withSchema(schema)
  return { dialect, builder, table: tableNames(tablePrefix), tablePrefix, schema }
}
