import { migrateSqlite } from '@waybill/sqlite'
import BetterSqlite3, { type Database } from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'

export interface OpenFile<Tables> {
  readonly database: Database
  /** The same connection, by Kysely. */
  readonly db: Kysely<Tables>
}

/** Opens a file, and makes the tables that are missing. */
export async function openFile<Tables>(file: string, tables: string): Promise<OpenFile<Tables>> {
  const database = new BetterSqlite3(file)
  // The driver's own setting for a WAL is NORMAL, with which a power cut may undo what has been committed.
  database.pragma('synchronous = full')
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) })
  await migrateSqlite(db)
  database.exec(tables)
  return { database, db }
}
