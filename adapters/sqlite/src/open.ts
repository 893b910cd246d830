import { StorageError } from '@waybill/core/contracts'
import type { AnyKysely } from '@waybill/sql'
import BetterSqlite3, { type Database } from 'better-sqlite3'
import type { Home } from './home.ts'

/** Where the application's database is: a Kysely instance or the driver's own connection. */
export type SqliteHandle = { readonly db: AnyKysely } | { readonly database: Database }

/** Empty for a database in memory. */
export const whichFile = "select file from pragma_database_list where name = 'main'"

/** In older versions a WAL with two connections can destroy the database (https://sqlite.org/wal.html#walresetbug). */
const oldestVersion = [3, 51, 3] as const

/** A relay reads what is new and removes it: it needs a quarter of the driver's default, which would stay in memory for good. */
const cacheKilobytes = 4000

/**
 * Opens a second connection to the application's database. On the application's own, the relay's statements would join
 * whatever transaction the application has open.
 */
export async function openBeside(home: Home): Promise<Database> {
  const file = await home.file()
  if (file === '') {
    const reason = 'Relays and administration need a connection of their own, and a database in memory has but one'
    throw new StorageError(
      'STORAGE_UNSUPPORTED',
      `${reason}: use a file, or memoryStorage() of @waybill/memory in tests`,
    )
  }
  const database = new BetterSqlite3(file, { fileMustExist: true, timeout: 0 })
  try {
    requireVersion(database)
    requireWal(database)
    database.pragma('synchronous = full')
    database.pragma(`cache_size = -${cacheKilobytes}`)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function requireVersion(database: Database): void {
  const version = String(database.prepare('select sqlite_version()').pluck().get())
  if (isSafeVersion(version)) return
  const text = `SQLite ${version} can damage a WAL that several connections use: ${oldestVersion.join('.')} is needed`
  throw new StorageError('STORAGE_UNSUPPORTED', `${text}; upgrade better-sqlite3`)
}

export function isSafeVersion(version: string): boolean {
  const numbers = version.split('.').map(Number)
  const different = oldestVersion.findIndex((number, index) => numbers[index] !== number)
  return different === -1 || (numbers[different] ?? 0) > (oldestVersion[different] ?? 0)
}

/** Only with a WAL do readers and the writer leave each other alone. The mode stays with the file. */
function requireWal(database: Database): void {
  if (database.pragma('journal_mode', { simple: true }) === 'wal') return
  const mode = database.pragma('journal_mode = wal', { simple: true })
  if (mode === 'wal') return
  throw new StorageError('STORAGE_UNSUPPORTED', `${database.name} has journal mode '${mode}' and cannot have a WAL`)
}
