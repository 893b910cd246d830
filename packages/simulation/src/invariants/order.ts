import type { History } from '../history/history.ts'
import type { MessageRecord } from '../history/records.ts'
import { Violation } from '../violation.ts'

/**
 * Whether the guarantee puts `first` before `then`: its transaction had committed before the call that enqueued `then`
 * began, or it was enqueued earlier in the same transaction. A scheduled message has a place in its key only once it is due.
 */
export function precedes(history: History, first: MessageRecord, then: MessageRecord): boolean {
  if (first.scope !== then.scope || first === then) return false
  const earlier =
    first.transaction === then.transaction
      ? first.enqueuedAt < then.enqueuedAt
      : first.transaction.committedAt < then.enqueuedAt
  return earlier && (first.available === null || wasDue(history, first.available.by, then))
}

/** It was due when `then` was enqueued, and the database's clock has not been set back to before since. */
function wasDue(history: History, availableBy: number, then: MessageRecord): boolean {
  if (then.enqueuedDbTime < availableBy) return false
  return !history.backwardJumps.some((jump) => jump.tick > then.enqueuedAt && jump.dbTime < availableBy)
}

/** Call it at the first acceptance of a message: all that precede it must have been accepted, unless they died. */
export function checkOrder(history: History, accepted: MessageRecord): void {
  for (const other of history.ofScope(accepted.scope)) {
    const mayWait = other.firstAcceptedAt < Number.POSITIVE_INFINITY || other.died || other.discarded
    if (mayWait || other.transaction.state !== 'committed' || !precedes(history, other, accepted)) continue
    throw new Violation('order', `'${accepted.id}' was accepted before '${other.id}', which precedes it in its key`)
  }
}
