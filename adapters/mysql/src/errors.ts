import { MessageError, StorageError, type StorageErrorCode, WaybillError } from '@waybill/core/contracts'

/** What to do about tables that are missing or too old. */
export const migrationRemedy: string = 'run migrateMysql() of @waybill/mysql, or apply what mysqlMigrationSql() prints'

type Meaning = readonly [code: StorageErrorCode, meaning: string]

const locked: Meaning = ['STORAGE_LOCKED', 'Somebody else holds the lock: look for a transaction that stays open']
const ended: Meaning = ['STORAGE_UNAVAILABLE', 'The server ended the statement or the connection']
const noRoom: Meaning = ['STORAGE_UNAVAILABLE', 'The server has no connection or memory left']
const notAllowed: Meaning = ['STORAGE_READ_ONLY', 'The account lacks a privilege']
const readOnly: Meaning = [
  'STORAGE_READ_ONLY',
  'The server takes no writes: it is a replica, or the transaction is read-only',
]
const stale: Meaning = ['SCHEMA_STALE', `Waybill's tables are missing or too old: ${migrationRemedy}`]

/** By number: names differ between the servers and between versions of the driver. */
const storageCodes: Readonly<Record<number, Meaning>> = {
  1213: ['STORAGE_CONFLICT', 'This transaction and another one waited for each other'],
  1614: ['STORAGE_CONFLICT', 'This transaction and another one waited for each other'],
  1020: ['STORAGE_CONFLICT', 'Another transaction came between'],
  1205: locked,
  3572: locked,
  1040: noRoom,
  1203: noRoom,
  1226: noRoom,
  1037: noRoom,
  1041: noRoom,
  1047: ['STORAGE_UNAVAILABLE', 'The server is not part of its cluster at present'],
  1053: ended,
  1317: ended,
  1927: ended,
  1969: ended,
  3024: ended,
  3168: ended,
  4031: ended,
  1044: ['STORAGE_UNAVAILABLE', 'The server does not let this account in'],
  1045: ['STORAGE_UNAVAILABLE', 'The server does not let this account in'],
  1142: notAllowed,
  1143: notAllowed,
  1227: notAllowed,
  1370: notAllowed,
  1036: readOnly,
  1290: readOnly,
  1792: readOnly,
  1836: readOnly,
  1874: readOnly,
  1021: ['STORAGE_FULL', 'The disk of the server is full'],
  1114: ['STORAGE_FULL', 'The table or the disk of the server is full'],
  1046: ['STORAGE_MISSING', 'The connection has no database'],
  1049: ['STORAGE_MISSING', 'There is no such database'],
  1665: [
    'STORAGE_UNSUPPORTED',
    'The server logs statements, which it does not at read committed: binlog_format must be ROW',
  ],
  1054: stale,
  1146: stale,
  1305: stale,
}

/** A message's own fault: too long for a column, null, no text in the column's character set, or refused by a check. */
const refusedRow: readonly number[] = [1048, 1264, 1265, 1364, 1366, 1406, 3819, 3903, 4025]

/** By Node's or the driver's code, or by the driver's words where it gives none. */
const connectionCodes =
  /^(ECONN|EPIPE|ENOTFOUND|EAI_|ETIMEDOUT|EHOST|ENET|ENOENT|PROTOCOL_|HANDSHAKE_|ER_HANDSHAKE|ERR_SSL|ERR_TLS|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)/
const connectionWords =
  /^(Can't add new command|Pool is closed|Queue limit reached|No connections available|Connection lost)/

/** Names what the driver threw. Waybill's own errors, and whatever else is not the driver's, pass unchanged. */
export function classifyMysqlError(error: unknown): unknown {
  if (WaybillError.isInstance(error) || !(error instanceof Error)) return error
  const number = serverErrorNumber(error)
  if (number === undefined) return classifyConnectionError(error)
  const text = `${error.message} (${codeOf(error)})`
  if (number === 1062 && /\bid'$/.test(error.message)) {
    return new MessageError('DUPLICATE_MESSAGE', 'A message with this id is already in the outbox', { cause: error })
  }
  if (refusedRow.includes(number)) {
    return new MessageError('INVALID_MESSAGE', `The table refuses the message: ${text}`, { cause: error })
  }
  if (number === 1153) {
    const advice = `The server's max_allowed_packet is too small for the message: ${text}`
    return new MessageError('PAYLOAD_TOO_LARGE', advice, { cause: error })
  }
  const [code, meaning] = storageCodes[number] ?? ['STORAGE_UNKNOWN', 'The server refused']
  return new StorageError(code, `${meaning}: ${text}`, error)
}

/** What the server said; `undefined` for what befell the connection. */
export function serverErrorNumber(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined
  // Between two statements the driver takes it for the code.
  const numbers = ['errno' in error && error.errno, 'code' in error && error.code]
  // Those of the operating system are negative.
  return numbers.find((number): number is number => typeof number === 'number' && number >= 1000)
}

function classifyConnectionError(error: Error): unknown {
  if (!connectionCodes.test(codeOf(error)) && !connectionWords.test(error.message)) return error
  const text = error.message === '' ? codeOf(error) : error.message
  return new StorageError('STORAGE_UNAVAILABLE', `The connection to the server failed: ${text}`, error)
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}
