import type { ColumnDefinitionBuilder, Compilable } from 'kysely'
import type { SqlContext } from '../dialect.ts'

// Of the first version, as initial.ts: once released, what this file makes of a dialect never changes.

const required = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull()

/** What a consumer keeps beside its receipts. */
export function consumingTables(context: SqlContext): readonly Compilable[] {
  return [...deadLetters(context), crashes(context), commands(context), transitions(context)]
}

function deadLetters({ builder, dialect, table }: SqlContext): readonly Compilable[] {
  const { name, text, integer, payload, position, tableEnd } = dialect.schema
  const letters = table.inbox_dead_letters
  const columns = builder.schema
    .createTable(letters)
    .addColumn('position', integer, position)
    .addColumn('consumer', name, required)
    .addColumn('key', name, required)
    .addColumn('scope', name)
    .addColumn('topic', name, required)
    .addColumn('type', name)
    .addColumn('ordering_key', name)
    .addColumn('message', text)
    .addColumn('payload', payload)
    .addColumn('body', payload, required)
    .addColumn('delivery', text, required)
    .addColumn('reason', name, required)
    .addColumn('error', text, required)
    .addColumn('attempts', integer, required)
    .addColumn('redrives', integer, required)
    .addColumn('died_at', integer, required)
    .addColumn('due_at', integer)
    .addColumn('edited_payload', payload)
    .addUniqueConstraint(`${letters}_key`, ['consumer', 'key'])
  const index = (suffix: string, column: string) =>
    builder.schema.createIndex(`${letters}_${suffix}`).on(letters).columns(['consumer', column])
  return [columns.modifyEnd(tableEnd('rows', 'inbox_dead_letters')), index('due', 'due_at'), index('scope', 'scope')]
}

function crashes({ builder, dialect, table }: SqlContext): Compilable {
  const { name, integer, tableEnd } = dialect.schema
  return builder.schema
    .createTable(table.inbox_crashes)
    .addColumn('consumer', name, required)
    .addColumn('key', name, required)
    .addColumn('beginning', name, required)
    .addColumn('begun_at', integer, required)
    .addPrimaryKeyConstraint(`${table.inbox_crashes}_key`, ['consumer', 'key', 'beginning'])
    .modifyEnd(tableEnd('keyed', 'inbox_crashes'))
}

function commands({ builder, dialect, table }: SqlContext): Compilable {
  const { name, text, integer, tableEnd } = dialect.schema
  return builder.schema
    .createTable(table.commands)
    .addColumn('scope', name, required)
    .addColumn('key', name, required)
    .addColumn('fingerprint', name, required)
    .addColumn('result', text)
    .addColumn('expires_at', integer, required)
    .addPrimaryKeyConstraint(`${table.commands}_key`, ['scope', 'key'])
    .modifyEnd(tableEnd('keyed', 'commands'))
}

function transitions({ builder, dialect, table }: SqlContext): Compilable {
  const { name, text, integer, tableEnd } = dialect.schema
  return builder.schema
    .createTable(table.transitions)
    .addColumn('machine', name, required)
    .addColumn('entity', name, required)
    .addColumn('sequence', integer, required)
    .addColumn('from_state', name)
    .addColumn('to_state', name, required)
    .addColumn('reason', text)
    .addColumn('at', integer, required)
    .addPrimaryKeyConstraint(`${table.transitions}_key`, ['machine', 'entity', 'sequence'])
    .modifyEnd(tableEnd('keyed', 'transitions'))
}
