import {
  type BrokerPublisher,
  type Delivery,
  type Disposition,
  type InboxBurial,
  type InboxDeadReason,
  orderingScope,
  summarizeFailure,
  type WaybillError,
} from '../contracts/index.ts'
import type { TypedEvents } from '../events/typed-events.ts'
import { SerialPublisher } from '../outbox/serial-publisher.ts'
import type { ConsumerEvents } from './consumer-events.ts'
import type { ResolvedConsumerOptions } from './consumer-options.ts'
import { contentsKey, toMessage } from './dead-letter-message.ts'
import { type DeliveryTerms, receiptFor } from './delivery-terms.ts'
import { giveBack, type Job } from './job.ts'
import { pause } from './pause.ts'

type Origin = Pick<Delivery, 'message' | 'raw' | 'source'>

/** What is given up: a delivery or a letter, whether or not it is a message. */
interface Doomed extends Pick<Job<never>, 'letter'> {
  readonly origin: Origin
  /** Fires when it must be left to others. */
  readonly ending: AbortSignal
}

interface Death {
  readonly error: WaybillError
  readonly reason: InboxDeadReason
  readonly attempts: number
}

/**
 * Puts a message away where the consumer keeps its dead letters. It is acknowledged when that is durable, never before: where
 * it cannot be done it is tried again, and the key waits.
 */
export async function giveUp<Tx>(terms: DeliveryTerms<Tx>, doomed: Doomed, death: Death): Promise<Disposition> {
  const { events, grave, options } = terms
  const { origin, ending } = doomed
  if (grave === undefined) return reject(terms, origin, death)
  const burial = await makeBurial(terms, doomed, death)
  for (let failures = 1; ; failures += 1) {
    try {
      await grave(burial)
      break
    } catch (error) {
      events.emit('error', error instanceof Error ? error : new Error(String(error)))
      if (!(await pause(options.runtime, options.retry.delayMs(failures, options.runtime.random), ending)))
        return giveBack
    }
  }
  report(terms, 'dead', origin, death)
  return { type: 'ack' }
}

/** Leaves a delivery to the broker. */
export function reject<Tx>(terms: DeliveryTerms<Tx>, origin: Origin, death: Death): Disposition {
  report(terms, 'reject', origin, death)
  const { code, message } = summarizeFailure(death.error)
  return { type: 'reject', reason: `${code}: ${message}` }
}

/** Where the options say that dead letters are kept. */
export function graveOf<Tx>(
  options: ResolvedConsumerOptions<Tx>,
  events: TypedEvents<ConsumerEvents>,
): DeliveryTerms<Tx>['grave'] {
  const { deadLetters, inbox, runtime } = options
  if (deadLetters === 'broker') return undefined
  if (deadLetters === 'inbox') return (burial) => inbox.deadLetters?.bury(burial) ?? Promise.reject(new TypeError())
  const { publisher, topic } = deadLetters
  const onError = (error: Error) => events.emit('error', error)
  const calls = new SerialPublisher({ publisher, timeoutMs: publishTimeoutMs, runtime, onError })
  return async (burial) => {
    const [outcome] = await calls.publish([toMessage(burial, topic, runtime.wallNow())])
    if (outcome?.type === 'accepted') return
    throw outcome !== undefined && 'error' in outcome
      ? outcome.error
      : new Error(`'${topic}' did not take a dead letter`)
  }
}

const publishTimeoutMs = 10_000

/** Dead letters that are published to a topic of their own. */
export interface DeadLetterTopic {
  /** Serves this consumer alone, and is closed with it. */
  readonly publisher: BrokerPublisher
  readonly topic: string
}

function report<Tx>(terms: DeliveryTerms<Tx>, name: 'dead' | 'reject', origin: Origin, { error, reason }: Death): void {
  terms.events.emit('error', error)
  terms.events.emit(name, { message: origin.message, source: origin.source, reason, error })
}

async function makeBurial<Tx>(
  terms: DeliveryTerms<Tx>,
  { origin, letter }: Doomed,
  { error, reason, attempts }: Death,
): Promise<InboxBurial> {
  const { message, raw, source } = origin
  const { name, redriveAfter } = terms.options
  const comesBack = reason === 'attempts-exhausted' && (letter?.redrives ?? 0) < (redriveAfter?.times ?? 0)
  const receipt =
    message === undefined ? { consumer: name, key: await contentsKey(origin) } : receiptFor(terms, message)
  return {
    receipt: letter?.receipt ?? receipt,
    ...(message !== undefined && { message, scope: orderingScope(message) }),
    raw,
    source,
    reason,
    error: summarizeFailure(error),
    attempts,
    ...(comesBack && redriveAfter && { redriveInMs: redriveAfter.delayMs }),
  }
}
