import {
  type Delivery,
  type Disposition,
  HandlerError,
  type Message,
  summarizeFailure,
  type WaybillError,
} from '../contracts/index.ts'
import type { TypedEvents } from '../events/typed-events.ts'
import type { Inbox } from '../inbox/inbox.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { linkAbort, untilAborted } from './abort.ts'
import { type AttemptInput, attemptMessage } from './attempt.ts'
import type { ConsumerEvents } from './consumer-events.ts'
import type { ResolvedConsumerOptions } from './consumer-options.ts'
import type { Handler } from './handler.ts'
import { describeFailure, judgeFailure } from './judge-failure.ts'
import type { Slots } from './slots.ts'

/** What all deliveries of one consumer have in common. */
export interface DeliveryTerms<Tx> {
  readonly options: ResolvedConsumerOptions<Tx>
  readonly inbox: Inbox<Tx>
  readonly handlers: ReadonlyMap<string, Handler<Tx, never>>
  readonly events: TypedEvents<ConsumerEvents>
  readonly slots: Slots
  /** Fires when the consumer begins to stop: nothing new is begun. */
  readonly draining: AbortSignal
  /** Fires when the time to stop is over: what still runs is rolled back. */
  readonly halted: AbortSignal
}

/** The broker keeps the message and delivers it again, here or elsewhere. */
const giveBack: Disposition = { type: 'retry', delayMs: 0 }

/**
 * Handles a delivery until it is done, rejected or no longer ours. The caller keeps back the deliveries of the same key
 * meanwhile, also while a retry waits; the slot is free for other keys then.
 */
export async function deliverMessage<Tx>(
  terms: DeliveryTerms<Tx>,
  delivery: Delivery,
  message: Message,
): Promise<Disposition> {
  const { options, events } = terms
  const handler = terms.handlers.get(message.type)
  if (handler === undefined) return withoutHandler(terms, delivery, message)
  const unwanted = linkAbort(delivery.signal, terms.halted)
  const ending = linkAbort(delivery.signal, terms.draining)
  const spent: Spent = { attempts: 0, outages: 0 }
  try {
    for (;;) {
      const input = { message, handler, attempt: spent.attempts + 1, signal: unwanted.signal }
      const result = await terms.slots.run(async () => (ending.signal.aborted ? giveBack : await runOnce(terms, input)))
      if (!(result instanceof Error)) return result
      const wait = spend(spent, options, result)
      if (wait === null) return rejectDelivery(terms, delivery, result)
      events.emit('error', result)
      events.emit('retry', { message, attempt: input.attempt, error: result, ...wait })
      if (!(await pause(options.runtime, wait.delayMs, ending.signal))) return giveBack
    }
  } finally {
    unwanted.unlink()
    ending.unlink()
  }
}

/** Also for a delivery that is not a message of ours: nothing can be done with it. */
export function rejectDelivery<Tx>(terms: DeliveryTerms<Tx>, delivery: Delivery, error: Error): Disposition {
  terms.events.emit('error', error)
  terms.events.emit('reject', { message: delivery.message, source: delivery.source, error })
  const { code, message } = summarizeFailure(error)
  return { type: 'reject', reason: `${code}: ${message}` }
}

export function noHandler(type: string): HandlerError {
  return new HandlerError('NO_HANDLER', `There is no handler for '${type}'`, { retryable: false })
}

function withoutHandler<Tx>(terms: DeliveryTerms<Tx>, delivery: Delivery, { type }: Message): Disposition {
  return terms.options.unknownType === 'ignore' ? { type: 'ack' } : rejectDelivery(terms, delivery, noHandler(type))
}

async function runOnce<Tx>(terms: DeliveryTerms<Tx>, input: AttemptInput<Tx>): Promise<Disposition | WaybillError> {
  const { options, inbox, events } = terms
  const { message, attempt } = input
  const startedAt = options.runtime.now()
  try {
    const outcome = await attemptMessage(options, inbox, input)
    const durationMs = options.runtime.now() - startedAt
    if (outcome === 'processed') events.emit('processed', { message, attempt, durationMs })
    else events.emit('duplicate', { message })
    return { type: 'ack' }
  } catch (error) {
    return input.signal.aborted ? giveBack : describeFailure(error, message, attempt)
  }
}

interface Spent {
  attempts: number
  outages: number
}

/** Counts a failure; answers how long to wait before the next attempt, or `null` if there is none. */
function spend<Tx>(spent: Spent, { retry, runtime }: ResolvedConsumerOptions<Tx>, error: WaybillError) {
  const kind = judgeFailure(error)
  if (kind === 'outage') spent.outages += 1
  else spent.attempts += 1
  if (kind === 'permanent' || spent.attempts >= retry.maxAttempts) return null
  const failures = kind === 'outage' ? spent.outages : spent.attempts
  return { delayMs: retry.delayMs(failures, runtime.random), spendsAttempt: kind !== 'outage' }
}

/** Answers `false` if the signal ended it. */
async function pause(runtime: Runtime, ms: number, signal: AbortSignal): Promise<boolean> {
  const over = Promise.withResolvers<boolean>()
  const cancel = runtime.setTimeout(() => over.resolve(true), ms)
  try {
    return await untilAborted(over.promise, signal)
  } catch {
    return false
  } finally {
    cancel()
  }
}
