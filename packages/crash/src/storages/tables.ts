import type { Generated, Kysely, Transaction } from 'kysely'
import type { StorageKind } from './storage.ts'

/** Tables of the run itself, beside Waybill's, in the same database. */
export interface CrashTables {
  /** One row a business key. A producer that has changed it owns the key until its transaction ends. */
  crash_keys: { name: string; sequence: number }
  /**
   * What was told, written by the transaction that tells it: the rows that stand here have committed, and within a key their
   * sequences are in the order of the commits, because each was drawn under the key's lock.
   */
  crash_log: {
    message_id: string
    topic: string
    /** Null: the message has no ordering key. */
    key_name: string | null
    sequence: number
    fate: string
    /** Milliseconds by the database's clock, before the message was enqueued. */
    began_at: number
    /** From when on it is due at the latest, by the same clock; null if it is not scheduled. */
    due_at: number | null
  }
  /** Deaths that were ended by a redrive. */
  crash_redriven: { message_id: string; reason: string }
  /** What consumers have made of messages: written with the receipt, and nothing in the table keeps one from being doubled. */
  crash_effects: {
    /** In the order of the inserts. */
    number: Generated<number>
    message_id: string
    topic: string
    key_name: string | null
    /** As the consumer has read it. */
    payload: string
    consumer: string
  }
}

export type CrashKysely = Kysely<CrashTables>
export type CrashTransaction = Transaction<CrashTables>

export async function createTables(
  db: CrashKysely,
  keys: readonly string[],
  numbering: StorageKind['numbering'],
): Promise<void> {
  const name = 'varchar(255)'
  await db.schema
    .createTable('crash_keys')
    .addColumn('name', name, (column) => column.primaryKey())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('crash_log')
    .addColumn('message_id', name, (column) => column.primaryKey())
    .addColumn('topic', name, (column) => column.notNull())
    .addColumn('key_name', name)
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('fate', name, (column) => column.notNull())
    .addColumn('began_at', 'bigint', (column) => column.notNull())
    .addColumn('due_at', 'bigint')
    .execute()
  await db.schema
    .createTable('crash_redriven')
    .addColumn('message_id', name, (column) => column.notNull())
    .addColumn('reason', name, (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('crash_effects')
    .addColumn('number', numbering, (column) =>
      numbering === 'serial' ? column.primaryKey() : column.primaryKey().autoIncrement(),
    )
    .addColumn('message_id', name, (column) => column.notNull())
    .addColumn('topic', name, (column) => column.notNull())
    .addColumn('key_name', name)
    .addColumn('payload', name, (column) => column.notNull())
    .addColumn('consumer', name, (column) => column.notNull())
    .execute()
  await db.schema.createIndex('crash_effects_by_message').on('crash_effects').column('message_id').execute()
  await db
    .insertInto('crash_keys')
    .values(keys.map((name) => ({ name, sequence: 0 })))
    .execute()
}
