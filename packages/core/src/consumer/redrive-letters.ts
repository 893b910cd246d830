import { type InboxDeadLetter, type InboxDeadLetters, type Message, orderingScope } from '../contracts/index.ts'
import { deliverMessage } from './deliver.ts'
import type { DeliveryTerms } from './delivery-terms.ts'
import type { Job } from './job.ts'
import type { KeyQueue } from './key-queue.ts'

/** Fires never: a dead letter is nobody else's until it is taken. */
const { signal } = new AbortController()

/**
 * Handles the dead letters that have come back and are due: each in the turn of its key and in one transaction with its
 * removal. Answers how long to wait before the next look.
 */
export async function redriveLetters<Tx>(terms: DeliveryTerms<Tx>, keys: KeyQueue): Promise<number> {
  const { name, inbox, concurrency, redriveIntervalMs } = terms.options
  const { deadLetters } = inbox
  if (deadLetters === undefined) return redriveIntervalMs
  try {
    const { letters, nextDueInMs } = await deadLetters.due(name, concurrency)
    const listed = new Set(letters.map(({ receipt }) => receipt.key))
    for (const key of terms.contended.keys()) if (!listed.has(key)) terms.contended.delete(key)
    const jobs = letters.flatMap((letter) =>
      letter.message === undefined ? [] : [toJob(deadLetters, letter, letter.message)],
    )
    const handled = await Promise.all(
      jobs.map((job) => keys.run(orderingScope(job.message), () => deliverMessage(terms, job))),
    )
    // Those that somebody else has in hand are due still: looking again at once would be of no use.
    if (handled.some(({ type }) => type === 'ack')) return 0
    return Math.min(redriveIntervalMs, nextDueInMs ?? redriveIntervalMs)
  } catch (error) {
    if (!terms.draining.aborted) terms.events.emit('error', error instanceof Error ? error : new Error(String(error)))
    return redriveIntervalMs
  }
}

function toJob<Tx>(deadLetters: InboxDeadLetters<Tx>, letter: InboxDeadLetter, message: Message): Job<Tx> {
  const { editedPayload } = letter
  return {
    message: editedPayload === undefined ? message : { ...message, payload: editedPayload },
    origin: letter,
    signal,
    suspect: true,
    letter,
    enter: (tx) => deadLetters.take(tx, letter.receipt),
  }
}
