import { MessageError, StorageError, type StorageErrorCode, WaybillError } from '@waybill/core/contracts'

/** What to do about tables that are missing or too old. */
export const migrationRemedy: string =
  'run migrateSqlite() of @waybill/sqlite, or apply what sqliteMigrationSql() prints'

const storageCodes: Readonly<Record<string, readonly [StorageErrorCode, string]>> = {
  SQLITE_BUSY: ['STORAGE_LOCKED', 'Another connection holds the lock of the database'],
  SQLITE_LOCKED: ['STORAGE_LOCKED', 'Another statement of this connection holds a lock'],
  SQLITE_READONLY: ['STORAGE_READ_ONLY', 'The database file cannot be written: check the file and its directory'],
  SQLITE_PERM: ['STORAGE_READ_ONLY', 'The database file may not be opened: check its permissions'],
  SQLITE_FULL: ['STORAGE_FULL', 'The disk is full, or the database has reached max_page_count'],
  SQLITE_CANTOPEN: ['STORAGE_MISSING', 'The database file cannot be opened: check that it and its directory exist'],
  SQLITE_NOTADB: ['STORAGE_UNSUPPORTED', 'The file is no SQLite database'],
  SQLITE_IOERR: ['STORAGE_UNAVAILABLE', 'The database file cannot be read or written'],
  SQLITE_CORRUPT: ['STORAGE_UNAVAILABLE', 'The database file is damaged: restore it'],
}

/** `SQLITE_BUSY_SNAPSHOT` and the like stand for their first part, but a stale snapshot is nobody's lock. */
const conflicts = ['SQLITE_BUSY_SNAPSHOT']

/** Names what the driver threw. Waybill's own errors, and whatever else is not the driver's, pass unchanged. */
export function classifySqliteError(error: unknown): unknown {
  if (WaybillError.isInstance(error)) return error
  if (!(error instanceof Error)) return error
  const code = codeOf(error)
  if (code === undefined) return driverMisuse(error)
  const text = `${error.message} (${code})`
  if (conflicts.includes(code)) {
    return new StorageError(
      'STORAGE_CONFLICT',
      `The transaction read before it wrote, and somebody wrote between: ${text}`,
      error,
    )
  }
  if (code === 'SQLITE_CONSTRAINT_UNIQUE' && error.message.endsWith('messages.id')) {
    return new MessageError('DUPLICATE_MESSAGE', 'A message with this id is already in the outbox', { cause: error })
  }
  if (code === 'SQLITE_CONSTRAINT_CHECK') {
    return new MessageError('INVALID_MESSAGE', `The table refuses the message: ${text}`, { cause: error })
  }
  if (/^no such (table|column)|has no column/.test(error.message)) {
    return new StorageError(
      'SCHEMA_STALE',
      `Waybill's tables are missing or too old (${error.message}): ${migrationRemedy}`,
      error,
    )
  }
  const [storageCode, meaning] = storageCodes[primaryCode(code)] ?? ['STORAGE_UNKNOWN', 'SQLite refused']
  return new StorageError(storageCode, `${meaning}: ${text}`, error)
}

const outages: ReadonlySet<string> = new Set([
  'STORAGE_UNAVAILABLE',
  'STORAGE_LOCKED',
  'STORAGE_CONFLICT',
  'STORAGE_READ_ONLY',
  'STORAGE_FULL',
])

/**
 * What the driver threw in a statement of the application passes unchanged, unless it speaks of the database and not of the
 * statement: a full disk is no fault of the message that a handler was busy with.
 */
export function classifyWorkError(error: unknown): unknown {
  const named = classifySqliteError(error)
  return StorageError.isInstance(named) && outages.has(named.code) ? named : error
}

/** Names why a commit failed. SQLite ends a transaction by itself only where the disk or the memory failed. */
export function classifyEndedTransaction(error: unknown): unknown {
  if (!(error instanceof Error && error.message.includes('no transaction is active'))) return classifySqliteError(error)
  const text = 'The commit failed, and SQLite rolled the transaction back: look at the disk'
  return new StorageError('STORAGE_UNAVAILABLE', text, error)
}

export function isBusy(error: unknown): boolean {
  return error instanceof Error && codeOf(error)?.startsWith('SQLITE_BUSY') === true
}

export function stayedLocked(timeoutMs: number, cause: unknown): StorageError {
  const text = `The lock of the database was held by others for ${timeoutMs} ms: look for a transaction that stays open`
  return new StorageError('STORAGE_LOCKED', text, cause)
}

/** better-sqlite3 throws a TypeError of its own, without a code, for a closed connection or a missing directory. */
function driverMisuse(error: Error): unknown {
  if (error.message.includes('directory does not exist')) {
    return new StorageError('STORAGE_MISSING', `The directory of the database does not exist: ${error.message}`, error)
  }
  if (error.message.includes('database connection is not open')) {
    return new StorageError('STORAGE_UNAVAILABLE', 'The connection to the database has been closed', error)
  }
  return error
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' && error.code.startsWith('SQLITE') ? error.code : undefined
}

/** `SQLITE_IOERR_FSYNC` → `SQLITE_IOERR`. */
function primaryCode(code: string): string {
  return code.split('_').slice(0, 2).join('_')
}
