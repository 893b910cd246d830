import { type BrokerPublisher, type Message, PublishError, type PublishOutcome } from '../contracts/index.ts'
import type { Runtime } from '../runtime/runtime.ts'

export interface PublishCallOptions {
  readonly publisher: BrokerPublisher
  readonly timeoutMs: number
  readonly runtime: Runtime
  /** Told when the publisher broke its contract; the outcomes are then unknown. */
  readonly onError: (error: Error) => void
}

/**
 * Calls the publisher and always has one outcome per message, whatever it does: hang, throw, or answer too few. What is not
 * known to be accepted is unknown, never assumed.
 */
export async function publishCall(
  messages: readonly Message[],
  options: PublishCallOptions,
): Promise<readonly PublishOutcome[]> {
  const { publisher, timeoutMs, runtime, onError } = options
  const controller = new AbortController()
  const timedOut = Promise.withResolvers<'timed out'>()
  const cancel = runtime.setTimeout(() => timedOut.resolve('timed out'), timeoutMs)
  try {
    const call = publisher.publish(messages, { signal: controller.signal, timeoutMs })
    const outcomes = await Promise.race([call, timedOut.promise])
    if (outcomes === 'timed out') {
      const error = new PublishError('BROKER_UNKNOWN', `'${publisher.name}' did not answer within ${timeoutMs} ms`)
      controller.abort(error)
      call.catch(onError)
      return messages.map(() => ({ type: 'unknown', error }))
    }
    return checked(messages.length, outcomes, publisher.name, onError)
  } catch (cause) {
    const error = new PublishError('BROKER_UNKNOWN', `'${publisher.name}' threw instead of answering outcomes`, cause)
    onError(error)
    return messages.map(() => ({ type: 'unknown', error }))
  } finally {
    cancel()
  }
}

function checked(
  expected: number,
  outcomes: readonly PublishOutcome[],
  name: string,
  onError: (error: Error) => void,
): readonly PublishOutcome[] {
  // Array.from, because `every` alone passes over holes.
  const valid = Array.isArray(outcomes) && Array.from<unknown>(outcomes).every(isOutcome)
  if (valid && outcomes.length === expected) return explained(outcomes, name, onError)
  const answered = Array.isArray(outcomes) ? `${outcomes.length} outcomes` : 'no outcomes'
  const message = `'${name}' answered ${answered} to ${expected} messages, or outcomes that are none`
  const error = new PublishError('BROKER_CONTRACT', message)
  onError(error)
  return Array.from({ length: expected }, () => ({ type: 'unknown', error }))
}

/** With `not-sent` a message waits for the failure of another. Without a failure it would wait for ever, unseen. */
function explained(
  outcomes: readonly PublishOutcome[],
  name: string,
  onError: (error: Error) => void,
): readonly PublishOutcome[] {
  const notSent = outcomes.filter(({ type }) => type === 'not-sent').length
  if (notSent === 0 || outcomes.some(({ type }) => type !== 'accepted' && type !== 'not-sent')) return outcomes
  const message = `'${name}' answered 'not-sent' to ${notSent} of ${outcomes.length} messages, and no message of the call failed`
  const error = new PublishError('BROKER_CONTRACT', message)
  onError(error)
  return outcomes.map((outcome) => (outcome.type === 'not-sent' ? { type: 'unknown', error } : outcome))
}

/** A publisher without types may leave anything out; what it forgot must neither end a message nor the relay. */
function isOutcome(value: unknown): boolean {
  const { type, error, retryable, scope } = (value ?? {}) as Readonly<Record<string, unknown>>
  if (type === 'accepted' || type === 'not-sent') return true
  if (typeof (error as Partial<Error> | undefined)?.message !== 'string') return false
  if (type === 'rejected') return typeof retryable === 'boolean'
  return type === 'unknown' || (type === 'unavailable' && (scope === 'topic' || scope === 'broker'))
}
