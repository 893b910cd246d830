import { migrateMysql, mysqlInbox, mysqlStorage } from '@waybill/mysql'
import { Kysely, MysqlDialect, sql } from 'kysely'
import { createPool, type Pool } from 'mysql2'
import { createConnection } from 'mysql2/promise'
import { lockTimeoutOf, retentionOf } from './settings.ts'
import type { NoDatabase, RunDatabase, StorageKind } from './storage.ts'
import type { CrashTables } from './tables.ts'

/** ER_CHECKREAD (MariaDB, at REPEATABLE READ), ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK */
const conflicts: readonly number[] = [1020, 1205, 1213]

const common: Omit<StorageKind, 'createDatabase'> = {
  singleWriter: false,
  numbering: 'serial',
  isConflict: (error) => error instanceof Error && 'errno' in error && conflicts.includes(Number(error.errno)),
  migrate: ({ db }) => migrateMysql({ db }),
  async openForRelay(address, settings) {
    const pool = openPool(address, 1)
    const storage = mysqlStorage({ pool, retentionMs: retentionOf(settings), lockTimeoutMs: lockTimeoutOf(settings) })
    return {
      storage,
      async close() {
        await storage.close()
        await pool.promise().end()
      },
    }
  },
  async openForWork(address, connections) {
    const pool = openPool(address, connections)
    const db = new Kysely<CrashTables>({ dialect: new MysqlDialect({ pool }) })
    const storage = mysqlStorage({ db, pool })
    return {
      db,
      storage,
      inbox: mysqlInbox({ db, pool }),
      now: sql<number>`floor(unix_timestamp(sysdate(3)) * 1000)`,
      async close() {
        await storage.close()
        await db.destroy()
      },
    }
  },
}

export const mysql: StorageKind = {
  ...common,
  async createDatabase() {
    const { sharedMysql } = await import('@waybill/conformance/containers')
    const { databaseOn } = await import('./server-database.ts')
    return databaseOn(await sharedMysql())
  },
}

export const mariadb: StorageKind = {
  ...common,
  async createDatabase() {
    const { sharedMariadb } = await import('@waybill/conformance/containers')
    const { databaseOn } = await import('./server-database.ts')
    return showLocks(await databaseOn(await sharedMariadb()))
  },
}

/** MariaDB's view of the locks, by which relays see who is writing, is empty until its instrument is on. */
async function showLocks(database: RunDatabase | NoDatabase): Promise<RunDatabase | NoDatabase> {
  if (!database.available) return database
  const admin = await createConnection(database.address)
  const instrument = "name = 'wait/lock/metadata/sql/mdl'"
  await admin.query(`update performance_schema.setup_instruments set enabled = 'YES' where ${instrument}`)
  await admin.end()
  return database
}

function openPool(address: string, connectionLimit: number): Pool {
  return createPool({ uri: address, connectionLimit, supportBigNumbers: true })
}
