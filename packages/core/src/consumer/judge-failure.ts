import { type ErrorCode, HandlerError, type Message, WaybillError } from '../contracts/index.ts'

/** What a failed attempt means: the database was not usable, trying again is of no use, or it may work next time. */
export type FailureKind = 'outage' | 'permanent' | 'passing'

/** Not STORAGE_UNKNOWN: it may be the message's own doing, for example a constraint that is checked at the commit. */
const outages: ReadonlySet<ErrorCode> = new Set([
  'STORAGE_UNAVAILABLE',
  'STORAGE_LOCKED',
  'STORAGE_CONFLICT',
  'STORAGE_READ_ONLY',
  'STORAGE_FULL',
  'STORAGE_MISSING',
  'STORAGE_UNSUPPORTED',
  'SCHEMA_STALE',
  'SCHEMA_TOO_NEW',
])

/** An outage spends no attempt, or an hour without a database would make dead letters of everything. */
export function judgeFailure(error: unknown): FailureKind {
  if (!WaybillError.isInstance(error)) return 'passing'
  if (outages.has(error.code)) return 'outage'
  return error.retryable ? 'passing' : 'permanent'
}

/** Says whose handler threw what; Waybill's own errors say it themselves. */
export function describeFailure(error: unknown, message: Message, attempt: number): WaybillError {
  if (WaybillError.isInstance(error)) return error
  const what = error instanceof Error ? error.message : String(error)
  const whose = `The handler of '${message.type}' failed on message '${message.id}', attempt ${attempt}`
  return new HandlerError('HANDLER_FAILED', `${whose}: ${what}`, { cause: error })
}
