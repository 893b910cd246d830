import { PublishError, type PublishOutcome, WaybillError } from '@waybill/core/contracts'

/** What RabbitMQ or its client said. amqplib's errors hold no credentials; what else is attached to them is left out. */
export function plainError(error: unknown): Error {
  if (WaybillError.isInstance(error)) return error
  return new Error(error instanceof Error ? error.message : String(error))
}

/** The reply code of AMQP that closed a channel or a connection, where there is one. */
export function replyCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'number' ? error.code : undefined
}

const codes = { accessRefused: 403, notFound: 404, resourceLocked: 405, preconditionFailed: 406 } as const

/** Repeating it does not help: what is asked for is not there, not allowed, or of another kind. */
export function isRefusal(error: unknown): boolean {
  const code = replyCode(error)
  return code !== undefined && Object.values<number>(codes).includes(code)
}

/** The exchange that a channel was closed for, by the text of the error, which is the same in all versions. */
export function exchangeOf(error: unknown): string | undefined {
  if (!isRefusal(error) || !(error instanceof Error)) return undefined
  return /exchange '([^']*)'/.exec(error.message)?.[1]
}

/** An exchange that cannot be published to. */
export function exchangeRefused(exchange: string, error: unknown): PublishOutcome {
  const said = plainError(error)
  const text =
    replyCode(error) === codes.notFound
      ? `There is no exchange '${exchange}': declare it, or set topology: 'create'`
      : `The exchange '${exchange}' cannot be published to: ${said.message}`
  return { type: 'unavailable', scope: 'topic', error: new PublishError('BROKER_UNAVAILABLE', text, said) }
}

export function unroutable(exchange: string, routingKey: string): PublishOutcome {
  const text = `No queue is bound to the exchange '${exchange}' for the routing key '${routingKey}': bind one`
  return { type: 'rejected', retryable: true, error: new PublishError('BROKER_REJECTED', text) }
}

/**
 * A queue that is full (`overflow: reject-publish`) or has lost its majority takes nothing; that is not the message's fault.
 * Other queues behind the exchange may have it.
 */
export function refusedByQueue(exchange: string): PublishOutcome {
  const text = `A queue behind the exchange '${exchange}' did not take the message: it is full, or cannot be written`
  return { type: 'unavailable', scope: 'topic', error: new PublishError('BROKER_UNAVAILABLE', text) }
}

export function unreachable(error: unknown): PublishOutcome {
  const cause = plainError(error)
  const text = `RabbitMQ cannot be used: ${cause.message}`
  return { type: 'unavailable', scope: 'broker', error: new PublishError('BROKER_UNAVAILABLE', text, cause) }
}

export function unknown(why: string, error?: unknown): PublishOutcome {
  if (error === undefined) return { type: 'unknown', error: new PublishError('BROKER_UNKNOWN', why) }
  const cause = plainError(error)
  return { type: 'unknown', error: new PublishError('BROKER_UNKNOWN', `${why}: ${cause.message}`, cause) }
}

export function tooLarge(bytes: number, limit: number, what: string): PublishOutcome {
  const text = `The message has ${bytes} bytes of ${what}, the limit is ${limit}`
  return { type: 'rejected', retryable: false, error: new PublishError('PAYLOAD_TOO_LARGE', text) }
}

/** The client could not even write it, for example because a routing key is longer than 255 bytes. */
export function unwritable(error: unknown): PublishOutcome {
  const cause = plainError(error)
  const text = `The message cannot be written as AMQP: ${cause.message}`
  return { type: 'rejected', retryable: false, error: new PublishError('BROKER_REJECTED', text, cause) }
}

/** A failure of the consuming side that names what is missing. */
export function consumerError(what: string, error?: unknown): WaybillError {
  const code = 'BROKER_UNAVAILABLE'
  if (error === undefined) return new WaybillError({ code, message: what, retryable: true })
  const cause = plainError(error)
  return new WaybillError({ code, message: `${what}: ${cause.message}`, retryable: true, cause })
}
