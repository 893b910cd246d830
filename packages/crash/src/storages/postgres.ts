import { migratePostgres, postgresInbox, postgresStorage } from '@waybill/postgres'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg, { type Pool } from 'pg'
import { lockTimeoutOf, retentionOf } from './settings.ts'
import type { StorageKind } from './storage.ts'
import type { CrashTables } from './tables.ts'

export const postgres: StorageKind = {
  singleWriter: false,
  numbering: 'serial',
  // deadlock_detected
  isConflict: (error) => error instanceof pg.DatabaseError && error.code === '40P01',
  async createDatabase() {
    const { sharedPostgres } = await import('@waybill/conformance/containers')
    const { databaseOn } = await import('./server-database.ts')
    return databaseOn(await sharedPostgres())
  },
  migrate: ({ db }) => migratePostgres({ db }),
  async openForRelay(address, settings) {
    const pool = openPool(address, 1)
    const storage = postgresStorage({
      pool,
      retentionMs: retentionOf(settings),
      lockTimeoutMs: lockTimeoutOf(settings),
    })
    return {
      storage,
      async close() {
        await storage.close()
        await pool.end()
      },
    }
  },
  async openForWork(address, connections) {
    const pool = openPool(address, connections)
    const db = new Kysely<CrashTables>({ dialect: new PostgresDialect({ pool }) })
    const storage = postgresStorage({ db, pool })
    return {
      db,
      storage,
      inbox: postgresInbox({ db }),
      now: sql<number>`floor(extract(epoch from clock_timestamp()) * 1000)::bigint`,
      async close() {
        await storage.close()
        await db.destroy()
      },
    }
  },
}

function openPool(address: string, max: number): Pool {
  const pool = new pg.Pool({ connectionString: address, max, idleTimeoutMillis: 0 })
  // What happens to an idle connection shows at its next use.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}
