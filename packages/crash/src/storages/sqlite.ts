import { join } from 'node:path'
import { migrateSqlite, sqliteInbox, sqliteStorage } from '@waybill/sqlite'
import BetterSqlite3 from 'better-sqlite3'
import { Kysely, SqliteDialect, sql } from 'kysely'
import { retentionOf } from './settings.ts'
import type { StorageKind } from './storage.ts'
import type { CrashTables } from './tables.ts'

export const sqlite: StorageKind = {
  singleWriter: true,
  numbering: 'integer',
  // Transactions take the lock before they do anything else.
  isConflict: () => false,
  async createDatabase(folder) {
    const probe = new BetterSqlite3(':memory:')
    const version = String(probe.prepare('select sqlite_version()').pluck().get())
    probe.close()
    // The file goes with the folder.
    return {
      available: true,
      server: `SQLite ${version}`,
      address: join(folder, 'outbox.sqlite'),
      drop: async () => {},
    }
  },
  migrate: ({ db }) => migrateSqlite(db),
  async openForRelay(address, settings) {
    const database = open(address)
    // One lock is for everybody, and producers keep it for as long as they dawdle.
    const lockTimeoutMs = Math.ceil(settings.leaseMs / 2)
    const storage = sqliteStorage({ database, retentionMs: retentionOf(settings), lockTimeoutMs })
    return {
      storage,
      async close() {
        await storage.close()
        database.close()
      },
    }
  },
  async openForWork(address) {
    const db = new Kysely<CrashTables>({ dialect: new SqliteDialect({ database: open(address) }) })
    const patient = { db, lockTimeoutMs: 30_000 }
    const storage = sqliteStorage(patient)
    return {
      db,
      storage,
      inbox: sqliteInbox(patient),
      now: sql<number>`cast(unixepoch('subsec') * 1000 as integer)`,
      async close() {
        await storage.close()
        await db.destroy()
      },
    }
  },
}

function open(file: string): BetterSqlite3.Database {
  const database = new BetterSqlite3(file)
  database.pragma('synchronous = full')
  return database
}
