import { PublishError, type PublishOutcome, WaybillError } from '@waybill/core/contracts'

/** What Redis or its client said, without the command: its arguments hold messages and, of AUTH, the password. */
export function plainError(error: unknown): Error {
  if (WaybillError.isInstance(error)) return error
  return new Error(error instanceof Error ? error.message : String(error))
}

/** Redis answered; anything else is the connection's. */
export function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError'
}

/** The first word of an answer is its code, for example `OOM` or `WRONGTYPE`. */
export function replyCode(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split(' ', 1)[0] ?? ''
}

/** The whole server takes nothing: out of memory, starting, a replica, or we are not let in. Nothing of the call was done. */
const brokerCodes: ReadonlySet<string> = new Set([
  'OOM',
  'READONLY',
  'LOADING',
  'BUSY',
  'MISCONF',
  'MASTERDOWN',
  'NOREPLICAS',
  'CLUSTERDOWN',
  'UNBLOCKED',
  'TRYAGAIN',
  'NOAUTH',
  'WRONGPASS',
])

/** One stream cannot be written: it is another type of key, elsewhere, or not ours to write. */
const streamCodes: ReadonlySet<string> = new Set(['WRONGTYPE', 'MOVED', 'ASK', 'NOPERM'])

/** The server says no for a reason that goes beyond one message, so that it must not cost attempts. */
export function isOutage(error: unknown): boolean {
  return brokerCodes.has(replyCode(error)) || streamCodes.has(replyCode(error))
}

/** What an answer of Redis to an append means for the messages that it did not take. */
export function outcomeOfReply(stream: string, answer: string): PublishOutcome {
  const text = `Redis did not append to the stream '${stream}': ${answer}`
  const code = replyCode(answer)
  if (brokerCodes.has(code)) return { type: 'unavailable', scope: 'broker', error: unavailable(text) }
  if (streamCodes.has(code)) return { type: 'unavailable', scope: 'topic', error: unavailable(text) }
  return { type: 'rejected', retryable: true, error: new PublishError('BROKER_REJECTED', text) }
}

export function missingStream(stream: string): PublishOutcome {
  const text = `There is no stream '${stream}': make it (XGROUP CREATE … MKSTREAM) or set topology: 'create'`
  return { type: 'unavailable', scope: 'topic', error: unavailable(text) }
}

export function unreachable(error: unknown): PublishOutcome {
  const text = `Redis cannot be used: ${plainError(error).message}`
  return { type: 'unavailable', scope: 'broker', error: unavailable(text, error) }
}

export function unknown(why: string, error?: unknown): PublishOutcome {
  const cause = error === undefined ? undefined : plainError(error)
  const text = cause === undefined ? why : `${why}: ${cause.message}`
  return { type: 'unknown', error: new PublishError('BROKER_UNKNOWN', text, cause) }
}

export function tooLarge(bytes: number, limit: number): PublishOutcome {
  const text = `The message has ${bytes} bytes with its fields, maxMessageBytes is ${limit}`
  return { type: 'rejected', retryable: false, error: new PublishError('PAYLOAD_TOO_LARGE', text) }
}

/** A failure of the consuming side that names what is missing. */
export function consumerError(what: string, error?: unknown): WaybillError {
  const code = 'BROKER_UNAVAILABLE'
  if (error === undefined) return new WaybillError({ code, message: what, retryable: true })
  const cause = plainError(error)
  return new WaybillError({ code, message: `${what}: ${cause.message}`, retryable: true, cause })
}

function unavailable(text: string, error?: unknown): PublishError {
  return new PublishError('BROKER_UNAVAILABLE', text, error === undefined ? undefined : plainError(error))
}
