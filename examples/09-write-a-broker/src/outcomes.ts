import { JetStreamApiError } from '@nats-io/jetstream'
import { PermissionViolationError, RequestError } from '@nats-io/transport-node'
import { PublishError, type PublishOutcome } from '@waybill/core/contracts'

export function tooLarge(bytes: number, limit: number): PublishOutcome {
  const text = `${bytes} bytes of payload and headers are more than the ${limit} that NATS takes`
  return { type: 'rejected', retryable: false, error: new PublishError('PAYLOAD_TOO_LARGE', text) }
}

export function unreachable(cause: unknown): PublishOutcome {
  const text = `NATS cannot be reached: ${textOf(cause)}`
  return { type: 'unavailable', scope: 'broker', error: new PublishError('BROKER_UNAVAILABLE', text, cause) }
}

/** Whatever is not an answer of the server may have been stored all the same: a time-out, a lost connection. */
export function outcomeOf(topic: string, cause: unknown): PublishOutcome {
  if (hasNoListener(cause)) {
    const text = `No stream keeps the subject '${topic}': add one that has it among its subjects`
    return { type: 'unavailable', scope: 'topic', error: new PublishError('BROKER_UNAVAILABLE', text, cause) }
  }
  // The stream is full, sealed, or has lost its leader: all of its messages get the same answer, until somebody sees to it.
  if (cause instanceof JetStreamApiError || cause instanceof PermissionViolationError) {
    const text = `NATS does not take messages for '${topic}': ${textOf(cause)}`
    return { type: 'unavailable', scope: 'topic', error: new PublishError('BROKER_REJECTED', text, cause) }
  }
  return unknown(textOf(cause), cause)
}

export function unknown(text: string, cause?: unknown): PublishOutcome {
  const error = new PublishError('BROKER_UNKNOWN', `It is not known whether NATS has the message: ${text}`, cause)
  return { type: 'unknown', error }
}

/** The client says then that JetStream was not enabled, which is another reason why nobody listens to the subject. */
function hasNoListener(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof RequestError && error.cause.isNoResponders()
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
