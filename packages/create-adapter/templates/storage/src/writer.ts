import type { OutboxWriter } from '@waybill/core/contracts'
import { notWritten } from './not-written.ts'
import type { AcmeOptions, AcmeTransaction } from './options.ts'

/** Writes messages in the caller's transaction. */
export function acmeWriter(_options: AcmeOptions): OutboxWriter<AcmeTransaction> {
  return {
    specificationVersion: 'v1',
    name: 'acme',
    insert: () =>
      notWritten(
        'OutboxWriter.insert',
        'write the messages in the given transaction, with ascending positions in the order of the array; refuse a handle outside a transaction with TransactionError and a known id with MessageError DUPLICATE_MESSAGE',
      ),
  }
}
