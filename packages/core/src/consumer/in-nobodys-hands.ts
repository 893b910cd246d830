import type { Receipt } from '../contracts/index.ts'
import type { DeliveryTerms } from './delivery-terms.ts'
import type { Job } from './job.ts'

/**
 * Whether no process that lives has a message in hand, and it has not taken effect: whoever handles it has its receipt or its
 * letter in an open transaction, and those of a process that has ended are rolled back by the server. Waits for a transaction
 * that has the receipt, and leaves nothing behind.
 */
export async function isInNobodysHands<Tx>(
  { options: { inbox } }: DeliveryTerms<Tx>,
  job: Job<Tx>,
  receipt: Receipt,
  signal: AbortSignal,
): Promise<boolean> {
  const answer = new Answer()
  try {
    await inbox.transaction(
      async (tx) => {
        answer.isFree = (await job.enter?.(tx)) ?? true
        if (answer.isFree) answer.isFree = (await inbox.record(tx, [receipt]))[0] === 'recorded'
        throw answer
      },
      { signal },
    )
  } catch (error) {
    if (error !== answer) throw error
  }
  return answer.isFree
}

/** Ends its transaction by a rollback. */
class Answer extends Error {
  isFree = false
}
