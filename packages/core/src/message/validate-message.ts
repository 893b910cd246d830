import { MessageError, type OutboxMessage } from '../contracts/index.ts'

/** Every storage can index so many characters, and most brokers take them in a header. */
const longestText = 255
/** The end of the year 9999: no database goes further. */
const latestTime = 253_402_300_799_999
const longestDelayMs = 100 * 366 * 24 * 3_600_000
const headerName = /^[a-z0-9!#$%&'*+.^_`|~-]+$/
/** Brokers carry the message's own fields in headers of these names. */
const reservedHeader = /^(?:ce[-_].*|waybill-.*|content-type|traceparent|tracestate)$/

const requiredTexts = ['id', 'topic', 'type', 'contentType'] as const
const optionalTexts = ['orderingKey', 'aggregateType', 'aggregateId', 'correlationId', 'causationId'] as const

/** @throws {@link MessageError} `INVALID_MESSAGE` with the path of the first field that breaks a rule. */
export function validateMessage(message: OutboxMessage): void {
  for (const field of requiredTexts) requireName(field, message[field])
  for (const field of optionalTexts) {
    if (message[field] !== undefined) requireName(field, message[field])
  }
  for (const [name, value] of Object.entries(message.headers)) requireHeader(name, value)
  requireInteger('schemaVersion', message.schemaVersion, 1, 2 ** 31 - 1)
  requireInteger('sequence', message.sequence, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
  requireInteger('maxAttempts', message.maxAttempts, 1, 2 ** 31 - 1)
  requireInteger('delayMs', message.delayMs, 0, longestDelayMs)
  requireInteger('availableAt', message.availableAt, 0, latestTime)
  requireInteger('expiresAt', message.expiresAt, 0, latestTime)
  if (message.availableAt !== undefined && message.delayMs !== undefined) {
    throw invalid('delayMs', 'cannot be combined with availableAt: give one of them')
  }
  if ((message.expiresAt ?? latestTime) <= (message.availableAt ?? -1)) {
    throw invalid('expiresAt', 'is not after availableAt: the message could never be published')
  }
}

function requireName(path: string, value: unknown): void {
  requireText(path, value)
  if (value.length === 0) throw invalid(path, 'is empty')
  if (value.length > longestText) throw invalid(path, `has ${value.length} characters: the limit is ${longestText}`)
}

function requireText(path: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw invalid(path, `is not a string but ${value === null ? 'null' : typeof value}`)
  if (value.includes('\u0000')) throw invalid(path, 'contains NUL, which databases and brokers refuse')
  if (!value.isWellFormed()) throw invalid(path, 'contains a lone surrogate, which has no UTF-8')
}

function requireHeader(name: string, value: unknown): void {
  const path = `headers.${name}`
  if (!headerName.test(name) || name.length > longestText) {
    throw invalid(`headers[${JSON.stringify(name)}]`, 'is no header name: use lower-case letters, digits and hyphens')
  }
  if (reservedHeader.test(name)) throw invalid(path, "is a name that carries the message's own fields: choose another")
  requireText(path, value)
}

function requireInteger(path: string, value: unknown, min: number, max: number): void {
  if (value === undefined) return
  const holds = Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max
  if (!holds) throw invalid(path, `is ${String(value)}: it must be an integer from ${min} to ${max}`)
}

function invalid(path: string, problem: string): MessageError {
  return new MessageError('INVALID_MESSAGE', `${path} ${problem}`, { path })
}
