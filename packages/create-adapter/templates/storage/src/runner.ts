import type { TransactionRunner } from '@waybill/core/contracts'
import { notWritten } from './not-written.ts'
import type { AcmeOptions, AcmeTransaction } from './options.ts'

/** Opens transactions: one connection each. */
export function acmeRunner(_options: AcmeOptions): TransactionRunner<AcmeTransaction> {
  return {
    transaction: () =>
      notWritten(
        'TransactionRunner.transaction',
        'begin, call the work, and commit before it resolves; roll back before it rejects with what the work threw, or with signal.reason when the signal has fired',
      ),
  }
}
