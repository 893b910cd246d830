import type { OutboxAdmin } from '@waybill/core/contracts'
import { notWritten } from './not-written.ts'
import type { AcmeOptions } from './options.ts'

/** What operators and health checks ask of the outbox. */
export function acmeAdmin(_options: AcmeOptions): OutboxAdmin {
  return {
    inspect: () =>
      notWritten(
        'OutboxAdmin.inspect',
        'answer everything about the message of this id, PROCESSING if it stands in the window of a live relay, with what keeps it waiting; null if there is none',
      ),
    count: () =>
      notWritten('OutboxAdmin.count', 'count every message in exactly one status, and tell the oldest that is due'),
    prune: () =>
      notWritten('OutboxAdmin.prune', 'remove published messages older than olderThanMs, batchSize in one transaction'),
    deadLetters: {
      list: () =>
        notWritten('deadLetters.list', 'answer the dead letters that fulfil the filter, the oldest death first'),
      redrive: () =>
        notWritten(
          'deadLetters.redrive',
          'make the dead letters pending at new positions, with their ids and no attempts, crashes, expiresAt or error; refuse an empty filter without all: true',
        ),
      discard: () =>
        notWritten('deadLetters.discard', 'remove the dead letters for ever; refuse an empty filter without all: true'),
    },
  }
}
