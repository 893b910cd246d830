import { laneCount } from '@waybill/core/lanes'
import { type ColumnDefinitionBuilder, type Compilable, type CreateTableBuilder, type RawBuilder, sql } from 'kysely'
import type { CheckedType, SchemaDialect, SqlContext } from '../dialect.ts'
import type { MessagesTable } from '../tables.ts'
import { consumingTables } from './consuming.ts'
import { type ValueKind, valueKinds } from './value-kinds.ts'

// Once released, what this file makes of a dialect never changes: another version gets another file.

type Table = CreateTableBuilder<string, string>
type Statements = readonly Compilable[]

const required = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull()
const count = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull().defaultTo(0)

export function createInitial(context: SqlContext): Statements {
  const types = checkedTypes(context)
  return [
    ...types.map(({ create }) => create),
    messages(context, types),
    ...messageIndexes(context),
    ...relayTables(context),
    ...rowStateTables(context),
    ...consumingTables(context),
    ...(context.dialect.schema.extras?.(context).create ?? []),
    // Last, because it says that all is there, also to a database without transactions for tables.
    ...small(context),
  ]
}

export function dropInitial(context: SqlContext): Statements {
  const { builder, dialect, table } = context
  const tables = Object.values(table)
    .toReversed()
    .map((name) => builder.schema.dropTable(name))
  const types = checkedTypes(context).map(({ drop }) => drop)
  return [...(dialect.schema.extras?.(context).drop ?? []), ...tables, ...types]
}

type ColumnType = CheckedType & Pick<ValueKind, 'columns'>

function checkedTypes(context: SqlContext): readonly ColumnType[] {
  const { schema } = context.dialect
  if (schema.checkedType === undefined) return []
  const make = schema.checkedType
  return Object.entries(valueKinds(schema)).map(([name, kind]) => ({
    ...make(context, name, kind),
    columns: kind.columns,
  }))
}

function messages(context: SqlContext, types: readonly ColumnType[]): Compilable {
  const { name, text, integer, payload, position, lane, tableEnd } = context.dialect.schema
  const checked = new Map(types.flatMap(({ columns, type }) => columns.map((column) => [column, type] as const)))
  const typeOf = (column: keyof MessagesTable, otherwise: ValueKind['type']) => checked.get(column) ?? otherwise
  const now = (column: ColumnDefinitionBuilder) => column.notNull().defaultTo(sql`(${context.dialect.now})`)
  const columns = context.builder.schema
    .createTable(context.table.messages)
    .addColumn('position', integer, position)
    .addColumn('id', typeOf('id', name), (column) => column.notNull().unique())
    .addColumn('topic', typeOf('topic', name), required)
    .addColumn('type', typeOf('type', name), required)
    .addColumn('ordering_key', typeOf('ordering_key', name))
    .addColumn('lane', integer, (column) => column.generatedAlwaysAs(lane).stored())
    .addColumn('payload', payload, required)
    .addColumn('headers', typeOf('headers', text))
    .addColumn('attributes', typeOf('attributes', text))
    .addColumn('aggregate_type', name)
    .addColumn('aggregate_id', name)
    .addColumn('status', typeOf('status', name), (column) => column.notNull().defaultTo('PENDING'))
    .addColumn('attempts', typeOf('attempts', integer), count)
    .addColumn('crashes', typeOf('crashes', integer), count)
    .addColumn('max_attempts', typeOf('max_attempts', integer))
    .addColumn('available_at', integer)
    .addColumn('expires_at', integer)
    .addColumn('created_at', integer, now)
    .addColumn('enqueued_at', integer, now)
    .addColumn('published_at', integer)
    .addColumn('died_at', integer)
    .addColumn('dead_reason', name)
    .addColumn('last_error', typeOf('last_error', text))
  return withChecks(columns, context.table.messages, messageChecks(context)).modifyEnd(tableEnd('rows', 'messages'))
}

/** A plain INSERT of another program can write no row that a relay could not publish. */
function messageChecks({ dialect }: SqlContext): Readonly<Record<string, RawBuilder<unknown>>> {
  const { isBytes, uncheckedPosition, checkedType, stateCheck } = dialect.schema
  return {
    ...(uncheckedPosition ? {} : { position: sql`position between 1 and ${sql.lit(Number.MAX_SAFE_INTEGER)}` }),
    ...(isBytes === undefined ? {} : { payload: isBytes(sql.ref('payload')) }),
    ...(checkedType === undefined ? valueChecks(dialect.schema) : {}),
    ...(stateCheck === undefined ? stateChecks : { state: stateCheck }),
  }
}

const stateChecks = {
  published: sql`(status = 'PUBLISHED') = (published_at is not null)`,
  dead: sql`(status = 'DEAD') = (died_at is not null) and (status = 'DEAD') = (dead_reason is not null) and (status <> 'DEAD' or last_error is not null)`,
}

function valueChecks(schema: SchemaDialect): Readonly<Record<string, RawBuilder<unknown>>> {
  const checks = Object.values(valueKinds(schema)).flatMap(({ columns, accepts }) =>
    columns.map((column) => [column, sql`${sql.ref(column)} is null or ${accepts(sql.ref(column))}`] as const),
  )
  return Object.fromEntries(checks)
}

/** Each holds only the rows that its reader wants where the database can do that, so that kept history costs nobody. */
function messageIndexes({ builder, dialect, table }: SqlContext): Statements {
  const index = (name: string, columns: readonly string[]) =>
    builder.schema
      .createIndex(`${table.messages}_${name}`)
      .on(table.messages)
      .columns([...columns])
  // Its entries end with the primary key, so that it also answers with a status' rows by position.
  if (!dialect.schema.partialIndexes) {
    return [index('status', ['status', 'available_at']), index('aggregate', ['aggregate_id', 'aggregate_type'])]
  }
  return [
    index('pending', ['position']).where(sql<boolean>`status = 'PENDING' and available_at is null`),
    index('scheduled', ['available_at']).where(sql<boolean>`status = 'PENDING' and available_at is not null`),
    index('dead', ['died_at']).where(sql<boolean>`status = 'DEAD'`),
    // For the questions of operators; messages without an aggregate pay nothing for it.
    index('aggregate', ['aggregate_id', 'aggregate_type']).where(sql<boolean>`aggregate_id is not null`),
  ]
}

function relayTables({ builder, dialect, table }: SqlContext): Statements {
  const { name, text, integer, isJson, tableEnd } = dialect.schema
  const relays = builder.schema
    .createTable(table.relays)
    .addColumn('id', name, (column) => column.notNull().primaryKey())
    .addColumn('label', name, required)
    .addColumn('lease_until', integer, required)
    .addColumn('lease_ms', integer, required)
    .addColumn('trusted', integer, count)
    .addColumn('window_positions', text, required)
  const lanes = builder.schema
    .createTable(table.lanes)
    .addColumn('lane', integer, (column) => column.notNull().primaryKey())
    .addColumn('owner', name)
  const rows = Array.from({ length: laneCount }, (_, lane) => ({ lane: sql.lit(lane), owner: sql<null>`null` }))
  return [
    withChecks(relays, table.relays, {
      lease: sql`lease_ms > 0`,
      trusted: sql`trusted in (0, 1)`,
      window: isJson(sql.ref('window_positions'), 'array'),
    }).modifyEnd(tableEnd('keyed', 'relays')),
    lanes.modifyEnd(tableEnd('rows', 'lanes')),
    builder.insertInto(table.lanes).values(rows),
  ]
}

function rowStateTables({ builder, dialect, table }: SqlContext): Statements {
  const { name, integer, tableEnd } = dialect.schema
  const holds = builder.schema
    .createTable(table.holds)
    .addColumn('topic', name, required)
    .addColumn('key', name, required)
    .addColumn('lane', integer, required)
    .addColumn('head', integer, required)
    .addColumn('due_at', integer, required)
    .addPrimaryKeyConstraint(`${table.holds}_key`, ['topic', 'key'])
  const suspects = builder.schema
    .createTable(table.suspects)
    .addColumn('position', integer, (column) => column.notNull().primaryKey())
    .addColumn('lane', integer, required)
    .addColumn('crashes', integer, required)
  return [holds.modifyEnd(tableEnd('keyed', 'holds')), suspects.modifyEnd(tableEnd('rows', 'suspects'))]
}

function small({ builder, dialect, table }: SqlContext): Statements {
  const { name, integer, tableEnd } = dialect.schema
  const receipts = builder.schema
    .createTable(table.receipts)
    .addColumn('consumer', name, required)
    .addColumn('key', name, required)
    .addColumn('recorded_at', integer, required)
    .addPrimaryKeyConstraint(`${table.receipts}_key`, ['consumer', 'key'])
  const meta = builder.schema
    .createTable(table.meta)
    .addColumn('name', name, (column) => column.notNull().primaryKey())
    .addColumn('value', integer, required)
  const facts = { schema_version: 1, oldest_build: 1, lane_count: laneCount }
  const rows = Object.entries(facts).map(([fact, value]) => ({ name: sql.lit(fact), value: sql.lit(value) }))
  return [
    receipts.modifyEnd(tableEnd('keyed', 'receipts')),
    meta.modifyEnd(tableEnd('keyed', 'meta')),
    builder.insertInto(table.meta).values(rows),
  ]
}

function withChecks(table: Table, prefix: string, checks: Readonly<Record<string, RawBuilder<unknown>>>): Table {
  return Object.entries(checks).reduce(
    (built, [name, check]) => built.addCheckConstraint(`${prefix}_${name}_valid`, check),
    table,
  )
}
