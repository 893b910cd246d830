import type { History } from '../history/history.ts'
import type { MessageRecord } from '../history/records.ts'
import { Violation } from '../violation.ts'

/** Where the database has a message. */
export interface FinalPlace {
  readonly status: 'PENDING' | 'PUBLISHED' | 'DEAD'
  readonly reason: string | null
}

export interface FinalState {
  /** Every row of the outbox, by message id. */
  readonly rows: readonly (FinalPlace & { readonly id: string })[]
  /** The outbox's own totals. */
  readonly counts: {
    readonly pending: number
    readonly processing: number
    readonly published: number
    readonly dead: number
  }
  /** Published history has been pruned or is not kept: a row that is gone may have been published. */
  readonly pruned: boolean
}

/** Call it when all work has been done. */
export function checkEndState(history: History, state: FinalState): void {
  const places = placesOf(history, state)
  for (const message of history.committedMessages()) {
    if (message.discarded) {
      if (places.has(message.id))
        throw new Violation('conservation', `'${message.id}' was discarded and is still there`)
    } else {
      checkMessage(message, places.get(message.id), state.pruned)
    }
  }
  checkCounts(state)
}

function placesOf(history: History, state: FinalState): ReadonlyMap<string, FinalPlace> {
  const places = new Map<string, FinalPlace>()
  for (const row of state.rows) {
    if (places.has(row.id)) throw new Violation('conservation', `'${row.id}' stands in the outbox twice`)
    const transaction = history.known(row.id).transaction
    if (transaction.state !== 'committed') {
      throw new Violation('no-phantom', `'${row.id}' stands in the outbox; its transaction is ${transaction.state}`)
    }
    places.set(row.id, row)
  }
  return places
}

function checkMessage(message: MessageRecord, place: FinalPlace | undefined, pruned: boolean): void {
  const accepted = message.acceptances > 0
  if (place === undefined) {
    if (!accepted) throw new Violation('no-loss', `'${message.id}' is gone and the broker never accepted it`)
    if (!pruned) throw new Violation('conservation', `'${message.id}' is gone although published messages are kept`)
    return
  }
  if (place.status === 'PENDING') throw new Violation('liveness', `'${message.id}' is still pending`)
  if (place.status === 'PUBLISHED' && !accepted) {
    throw new Violation('no-loss', `'${message.id}' is PUBLISHED and the broker never accepted it`)
  }
  if (place.status === 'DEAD' && place.reason === null) {
    throw new Violation('no-loss', `'${message.id}' is DEAD without a reason`)
  }
}

function checkCounts({ rows, counts }: FinalState): void {
  const by = (status: FinalPlace['status']) => rows.filter((row) => row.status === status).length
  const pending = counts.pending + counts.processing
  if (pending === by('PENDING') && counts.published === by('PUBLISHED') && counts.dead === by('DEAD')) return
  throw new Violation('conservation', `count() says ${JSON.stringify(counts)} of ${rows.length} rows`)
}
