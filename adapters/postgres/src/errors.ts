import {
  MessageError,
  StorageError,
  type StorageErrorCode,
  TransactionError,
  WaybillError,
} from '@waybill/core/contracts'

/** What to do about tables that are missing or too old. */
export const migrationRemedy: string =
  'run migratePostgres() of @waybill/postgres, or apply what postgresMigrationSql() prints'

type Meaning = readonly [code: StorageErrorCode, meaning: string]

/** By SQLSTATE, or by its class where all of that class mean the same. */
const storageCodes: Readonly<Record<string, Meaning>> = {
  '08': ['STORAGE_UNAVAILABLE', 'The connection to the server is lost or was refused'],
  '28': ['STORAGE_UNAVAILABLE', 'The server does not let this role in'],
  '40001': ['STORAGE_CONFLICT', 'Another transaction came between'],
  '40P01': ['STORAGE_CONFLICT', 'This transaction and another one waited for each other'],
  '53100': ['STORAGE_FULL', 'The disk of the server is full'],
  '53': ['STORAGE_UNAVAILABLE', 'The server has no connection, memory or lock left'],
  '55P03': ['STORAGE_LOCKED', 'Somebody else holds the lock'],
  '55006': ['STORAGE_LOCKED', 'Somebody else uses the table'],
  '57': ['STORAGE_UNAVAILABLE', 'The server ended the statement or the connection'],
  '58': ['STORAGE_UNAVAILABLE', 'The server cannot read or write its files'],
  '25006': ['STORAGE_READ_ONLY', 'The server takes no writes: it is a standby, or the transaction is read-only'],
  '25P03': ['STORAGE_UNAVAILABLE', 'The server ended a transaction that stood idle'],
  '42501': ['STORAGE_READ_ONLY', 'The role lacks a privilege'],
  '3D000': ['STORAGE_MISSING', 'There is no such database'],
  '3F000': ['SCHEMA_STALE', `There is no such schema: create it, then ${migrationRemedy}`],
  '42P01': ['SCHEMA_STALE', `Waybill's tables are missing or too old: ${migrationRemedy}`],
  '42703': ['SCHEMA_STALE', `Waybill's tables are too old: ${migrationRemedy}`],
  '42883': ['SCHEMA_STALE', `Waybill's functions are missing or too old: ${migrationRemedy}`],
  '0A000': ['STORAGE_UNAVAILABLE', 'The tables have changed under a prepared statement'],
  '26000': ['STORAGE_UNAVAILABLE', 'A pooler has moved the connection to another session'],
  '42P05': ['STORAGE_UNAVAILABLE', 'A pooler has moved the connection to another session'],
}

/** Without a SQLSTATE: by Node's code, or by the driver's words, since it gives its own errors no code. */
const connectionCodes =
  /^(ECONN|EPIPE|ENOTFOUND|EAI_|ETIMEDOUT|EHOST|ENET|ENOENT|ERR_SSL|ERR_TLS|CERT_|SELF_SIGNED|UNABLE_TO)/
const connectionWords =
  /^(Connection terminated|Client (has encountered|was closed|has already)|Query read timeout|timeout (expired|exceeded)|Cannot use a pool after|The server does not support SSL|SASL|driver has already been destroyed)/

/** A message's own fault, wherever the row comes from. `22`: a value that its type does not take, for example no JSON. */
const refusedRow = /^(22|23502|23514)/

/**
 * Names what the driver threw. Waybill's own errors, and whatever else is not the driver's, pass unchanged. The server's
 * details are left to `cause`: they show rows.
 */
export function classifyPostgresError(error: unknown): unknown {
  if (WaybillError.isInstance(error) || !(error instanceof Error)) return error
  const state = sqlState(error)
  if (state === undefined) return classifyConnectionError(error)
  const text = `${error.message} (${state})`
  if (state === '23505' && constraintOf(error).endsWith('messages_id_key')) {
    return new MessageError('DUPLICATE_MESSAGE', 'A message with this id is already in the outbox', { cause: error })
  }
  // That there is no partition for a row is told with the code of a check, and without a name.
  const isPartition = state === '23514' && constraintOf(error) === ''
  if (refusedRow.test(state) && !isPartition) {
    return new MessageError('INVALID_MESSAGE', `The table refuses the message: ${text}`, { cause: error })
  }
  if (state === '25P02') {
    return new TransactionError('The transaction has failed already: an earlier error in it was caught; roll it back')
  }
  if (state === '25P01') return new TransactionError(notInTransaction)
  const [code, meaning] = storageCodes[state] ??
    storageCodes[state.slice(0, 2)] ?? ['STORAGE_UNKNOWN', 'PostgreSQL refused']
  return new StorageError(code, `${meaning}: ${text}`, error)
}

export const notInTransaction = 'The connection is not in a transaction: enqueue between BEGIN and COMMIT'

/** Five characters for what the server said; `undefined` for what befell the connection. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  return 'severity' in error && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined
}

function classifyConnectionError(error: Error): unknown {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (!connectionCodes.test(code) && !connectionWords.test(error.message)) return error
  const text = error.message === '' ? code : error.message
  return new StorageError('STORAGE_UNAVAILABLE', `The connection to PostgreSQL failed: ${text}`, error)
}

function constraintOf(error: Error): string {
  return 'constraint' in error && typeof error.constraint === 'string' ? error.constraint : ''
}
