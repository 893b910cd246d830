import type { InboxStorage, TransactionRunner } from '@waybill/core/contracts'
import { notWritten } from './not-written.ts'
import type { AcmeOptions, AcmeTransaction } from './options.ts'
import { acmeRunner } from './runner.ts'

export type AcmeInbox = InboxStorage<AcmeTransaction> & TransactionRunner<AcmeTransaction>

/** An inbox on Acme. Dead letters, crash marks, commands and transitions are optional parts: see `InboxStorage`. */
export function acmeInbox(options: AcmeOptions = {}): AcmeInbox {
  return {
    specificationVersion: 'v1',
    name: 'acme',
    record: () =>
      notWritten(
        'InboxStorage.record',
        'insert the receipts in the given transaction, in the order of their keys, and answer for each by its index whether it was recorded or a duplicate',
      ),
    prune: () =>
      notWritten('InboxStorage.prune', 'remove receipts older than olderThanMs, batchSize in one transaction'),
    ...acmeRunner(options),
  }
}
