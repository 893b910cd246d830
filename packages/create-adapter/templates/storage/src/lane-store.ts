import type { LaneStore } from '@waybill/core/lanes'
import { notWritten } from './not-written.ts'
import type { AcmeOptions } from './options.ts'

/** What leased lanes need of Acme. Each method is one atomic step; none contains a decision. */
export function acmeLaneStore(_options: AcmeOptions): LaneStore {
  return {
    name: 'acme',
    addRelay: () =>
      notWritten('LaneStore.addRelay', "add the relay's row, not trusted, with an empty window and a lease from now"),
    renew: () => notWritten('LaneStore.renew', "set the lease to now + the relay's leaseMs; false if the row is gone"),
    // A database with several writers at a time also needs barrier(): without it, positions must be commit order.
    read: () =>
      notWritten(
        'LaneStore.read',
        'answer the pending rows of these lanes after the floor, and scheduled rows that are due, by position and up to limit, with the clock, in one snapshot',
      ),
    mark: () =>
      notWritten(
        'LaneStore.mark',
        "replace the relay's window and renew its lease in one durable commit; false if the row is gone",
      ),
    publish: () =>
      notWritten(
        'LaneStore.publish',
        'make these rows PUBLISHED, matched by position and id, if they are pending; answer the positions that are no longer pending; remove a few that were published longer ago than retentionMs, at 0 these at once',
      ),
    transaction: () =>
      notWritten(
        'LaneStore.transaction',
        'begin a transaction, run the work with the steps of acmeLaneTransaction, and commit, alone among all that touch relays, lanes, holds and suspects, or as if so',
      ),
  }
}
