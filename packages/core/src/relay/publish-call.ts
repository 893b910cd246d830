import { type BrokerPublisher, type Message, PublishError, type PublishOutcome } from '../contracts/index.ts'
import type { Runtime } from '../runtime/runtime.ts'

const outcomeTypes: ReadonlySet<string> = new Set(['accepted', 'rejected', 'unavailable', 'not-sent', 'unknown'])

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
  const valid = Array.isArray(outcomes) && outcomes.every((outcome) => outcomeTypes.has(outcome?.type))
  if (valid && outcomes.length === expected) return outcomes
  const answered = Array.isArray(outcomes) ? `${outcomes.length} outcomes` : 'no outcomes'
  const message = `'${name}' answered ${answered} to ${expected} messages, or outcomes of a kind that does not exist`
  const error = new PublishError('BROKER_CONTRACT', message)
  onError(error)
  return Array.from({ length: expected }, () => ({ type: 'unknown', error }))
}
