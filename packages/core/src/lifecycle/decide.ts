import type { RetryPolicy } from '../backoff/retry-policy.ts'
import {
  type ClaimedMessage,
  type DeadReason,
  type FailureSummary,
  PublishError,
  type PublishOutcome,
  type Settlement,
  summarizeFailure,
} from '../contracts/index.ts'

/** What decisions rest on. */
export interface DeliveryPolicy {
  readonly retry: RetryPolicy
  readonly maxAttempts: number
  readonly maxCrashes: number
  readonly maxMessageBytes: number
  readonly random: () => number
}

/** Whether a message must end DEAD without being published, or `null`. */
export function decideBeforePublishing(claimed: ClaimedMessage, policy: DeliveryPolicy): Settlement | null {
  if (claimed.expired)
    return dead(claimed, 'expired', { code: 'EXPIRED', message: 'Its expiresAt passed before it was published' })
  if (claimed.crashes >= policy.maxCrashes) {
    const message = `A relay ended ${claimed.crashes} times while it was publishing this message alone`
    return dead(claimed, 'crashes', { code: 'CRASHES', message })
  }
  const bytes = messageBytes(claimed)
  if (bytes <= policy.maxMessageBytes) return null
  const message = `It has about ${bytes} bytes, the broker takes ${policy.maxMessageBytes}`
  return dead(claimed, 'oversized', { code: 'PAYLOAD_TOO_LARGE', message })
}

/**
 * What becomes of a message after a publish call.
 *
 * A rejection spends an attempt, an outage spends none. An unknown outcome spends one if the destination is known to work
 * (`destinationWorks`): then it is this message that fails.
 */
export function decideOutcome(
  claimed: ClaimedMessage,
  outcome: PublishOutcome,
  destinationWorks: boolean,
  policy: DeliveryPolicy,
): Settlement {
  switch (outcome.type) {
    case 'accepted':
      return { type: 'published', token: claimed.token }
    case 'not-sent':
    case 'unavailable':
      return { type: 'release', token: claimed.token }
    case 'rejected':
      if (outcome.retryable) return retryOrDead(claimed, outcome.error, true, policy)
      return dead(claimed, tooLarge(outcome.error) ? 'oversized' : 'rejected', summarizeFailure(outcome.error), true)
    case 'unknown':
      return retryOrDead(claimed, outcome.error, destinationWorks, policy)
  }
}

function retryOrDead(
  claimed: ClaimedMessage,
  error: Error,
  spendsAttempt: boolean,
  policy: DeliveryPolicy,
): Settlement {
  const summary = summarizeFailure(error)
  const maxAttempts = claimed.message.maxAttempts ?? policy.maxAttempts
  if (spendsAttempt && claimed.attempt >= maxAttempts) return dead(claimed, 'attempts-exhausted', summary, true)
  const delayMs = policy.retry.delayMs(claimed.attempt, policy.random)
  return { type: 'retry', token: claimed.token, delayMs, spendsAttempt, error: summary }
}

function dead(claimed: ClaimedMessage, reason: DeadReason, error: FailureSummary, spendsAttempt = false): Settlement {
  return { type: 'dead', token: claimed.token, reason, spendsAttempt, error }
}

function tooLarge(error: Error): boolean {
  return error instanceof PublishError && error.code === 'PAYLOAD_TOO_LARGE'
}

/** Payload and headers; what a broker adds is the adapter's to allow for. */
function messageBytes({ message }: ClaimedMessage): number {
  let bytes = message.payload.byteLength
  for (const name in message.headers) bytes += name.length + (message.headers[name]?.length ?? 0)
  return bytes
}
