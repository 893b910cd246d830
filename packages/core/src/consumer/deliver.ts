import { type Disposition, HandlerError, type InboxDeadReason, type WaybillError } from '../contracts/index.ts'
import { linkSharedAbort } from './abort.ts'
import { type AttemptInput, attemptMessage } from './attempt.ts'
import { giveUp, reject } from './bury.ts'
import type { ResolvedConsumerOptions } from './consumer-options.ts'
import { CrashGuard } from './crash-guard.ts'
import type { DeliveryTerms } from './delivery-terms.ts'
import { wrapHandler } from './handler.ts'
import { giveBack, type Job } from './job.ts'
import { describeFailure, judgeFailure } from './judge-failure.ts'
import { pause } from './pause.ts'

/**
 * Handles a message until it is done, given up or no longer ours. The caller keeps back those of the same key meanwhile, also
 * while a retry waits; the slot is free for other keys then.
 */
export async function deliverMessage<Tx>(terms: DeliveryTerms<Tx>, job: Job<Tx>): Promise<Disposition> {
  const handler = terms.handlers.get(job.message.type)
  const unwanted = linkSharedAbort(job.signal, terms.halted)
  const ending = linkSharedAbort(job.signal, terms.draining)
  try {
    if (handler === undefined) return await withoutHandler(terms, job, ending.signal)
    const guard = new CrashGuard(terms, job, ending.signal)
    const wrapped = wrapHandler(handler, terms.middleware)
    const input = { message: job.message, handler: wrapped, signal: unwanted.signal, ...guard.steps, ...enterOf(job) }
    try {
      return await untilDone(terms, { job, input, guard, ending: ending.signal })
    } finally {
      await guard.withdraw()
    }
  } finally {
    unwanted.unlink()
    ending.unlink()
  }
}

export function noHandler(type: string): HandlerError {
  return new HandlerError('NO_HANDLER', `There is no handler for '${type}'`, { retryable: false })
}

interface Run<Tx> {
  readonly job: Job<Tx>
  readonly input: Omit<AttemptInput<Tx>, 'attempt'>
  readonly guard: CrashGuard<Tx>
  /** Fires when nothing new is to be begun. */
  readonly ending: AbortSignal
}

async function untilDone<Tx>(terms: DeliveryTerms<Tx>, { job, input, guard, ending }: Run<Tx>): Promise<Disposition> {
  const { options, events } = terms
  const { message } = job
  const spent: Spent = { attempts: 0, outages: 0, delayed: 0, immediate: 0 }
  for (;;) {
    const attempt = spent.attempts + 1
    const result = await guard.run(async () =>
      ending.aborted ? giveBack : await runOnce(terms, { ...input, attempt }),
    )
    if (!(result instanceof Error)) return result
    const wait = spend(spent, options, result)
    if (wait === null) {
      const death = { error: result, reason: reasonOf(result), attempts: spent.attempts }
      const disposition = await giveUp(terms, { ...job, ending }, death)
      if (death.reason !== 'crashes' && disposition.type !== 'retry') await guard.forgetAll()
      return disposition
    }
    events.emit('error', result)
    events.emit('retry', { message, attempt, error: result, ...wait })
    if (wait.delayMs > 0 && !(await pause(options.runtime, wait.delayMs, ending))) return giveBack
  }
}

function enterOf<Tx>({ enter }: Job<Tx>): Pick<AttemptInput<Tx>, 'enter'> {
  return enter === undefined ? {} : { enter }
}

async function withoutHandler<Tx>(terms: DeliveryTerms<Tx>, job: Job<Tx>, ending: AbortSignal): Promise<Disposition> {
  const { unknownType } = terms.options
  const death = { error: noHandler(job.message.type), reason: 'no-handler', attempts: 0 } as const
  // A dead letter that has come back is no longer the broker's.
  if (job.letter !== undefined || unknownType === 'dead') return await giveUp(terms, { ...job, ending }, death)
  return unknownType === 'ignore' ? { type: 'ack' } : reject(terms, job.origin, death)
}

async function runOnce<Tx>(terms: DeliveryTerms<Tx>, input: AttemptInput<Tx>): Promise<Disposition | WaybillError> {
  const { options, inbox, events } = terms
  const { message, attempt } = input
  const startedAt = options.runtime.now()
  try {
    const outcome = await attemptMessage(options, inbox, input)
    const durationMs = options.runtime.now() - startedAt
    if (outcome === 'gone') return giveBack
    if (outcome === 'processed') events.emit('processed', { message, attempt, durationMs })
    else events.emit('duplicate', { message })
    return { type: 'ack' }
  } catch (error) {
    return input.signal.aborted ? giveBack : describeFailure(error, message, attempt)
  }
}

function reasonOf(error: WaybillError): InboxDeadReason {
  if (error.code === 'HANDLER_CRASHED') return 'crashes'
  if (error.code === 'PAYLOAD_UNREADABLE' || error.code === 'SCHEMA_MISMATCH') return 'unreadable'
  return judgeFailure(error) === 'permanent' ? 'rejected' : 'attempts-exhausted'
}

interface Spent {
  attempts: number
  outages: number
  /** Attempts with a delay after them. */
  delayed: number
  /** Failures that were followed by another attempt at once. */
  immediate: number
}

/** Counts a failure; answers how long to wait before the next attempt, or `null` if there is none. */
function spend<Tx>(spent: Spent, options: ResolvedConsumerOptions<Tx>, error: WaybillError) {
  const { retry, runtime, immediateRetries } = options
  const kind = judgeFailure(error)
  const spendsAttempt = kind !== 'outage'
  if (spendsAttempt) spent.attempts += 1
  if (kind === 'permanent' || spent.attempts >= retry.maxAttempts) return null
  if (spent.immediate < immediateRetries) {
    spent.immediate += 1
    return { delayMs: 0, spendsAttempt }
  }
  const failures = spendsAttempt ? ++spent.delayed : ++spent.outages
  return { delayMs: retry.delayMs(failures, runtime.random), spendsAttempt }
}
