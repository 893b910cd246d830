import { WaybillError } from './waybill-error.ts'

export type StorageErrorCode =
  | 'STORAGE_UNAVAILABLE'
  | 'STORAGE_LOCKED'
  | 'STORAGE_CONFLICT'
  | 'STORAGE_READ_ONLY'
  | 'STORAGE_FULL'
  | 'STORAGE_MISSING'
  | 'STORAGE_UNSUPPORTED'
  | 'STORAGE_UNKNOWN'
  | 'SCHEMA_STALE'
  | 'SCHEMA_TOO_NEW'

const lasting: ReadonlySet<StorageErrorCode> = new Set([
  'STORAGE_UNSUPPORTED',
  'STORAGE_MISSING',
  'SCHEMA_STALE',
  'SCHEMA_TOO_NEW',
])

/** The database failed. `cause` is the driver's error, untouched. */
export class StorageError extends WaybillError {
  constructor(code: StorageErrorCode, message: string, cause?: unknown) {
    super({ code, message, retryable: !lasting.has(code), cause })
  }
}

/** The handle given to a write is not inside an open transaction. Nothing was written. */
export class TransactionError extends WaybillError {
  constructor(message: string) {
    super({ code: 'TRANSACTION_REQUIRED', message, retryable: false })
  }
}
