import { StorageError, type StorageErrorCode, WaybillError } from '@waybill/core/contracts'

/** By SQLite's primary result codes, https://sqlite.org/rescode.html */
const codes: Readonly<Record<number, StorageErrorCode>> = {
  5: 'STORAGE_LOCKED',
  6: 'STORAGE_LOCKED',
  8: 'STORAGE_READ_ONLY',
  10: 'STORAGE_UNAVAILABLE',
  13: 'STORAGE_FULL',
  14: 'STORAGE_MISSING',
}

const uniqueConstraint = 2067

export function isLocked(error: unknown): boolean {
  return codes[primaryCodeOf(error)] === 'STORAGE_LOCKED'
}

export function isDuplicate(error: unknown): boolean {
  return resultCodeOf(error) === uniqueConstraint
}

/** What SQLite threw, as core understands it; what is understood already stays as it is. */
export function storageError(error: unknown): WaybillError {
  if (WaybillError.isInstance(error)) return error
  const text = error instanceof Error ? error.message : String(error)
  if (/no such (table|column): waybill_/.test(text)) {
    return new StorageError(
      'SCHEMA_STALE',
      `The tables are not there (${text}): execute \`schema\` in a migration`,
      error,
    )
  }
  return new StorageError(codes[primaryCodeOf(error)] ?? 'STORAGE_UNKNOWN', `SQLite refused: ${text}`, error)
}

function primaryCodeOf(error: unknown): number {
  return resultCodeOf(error) & 0xff
}

function resultCodeOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0
}
