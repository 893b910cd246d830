import type { OutboxStorage, TransactionRunner } from '@waybill/core/contracts'
import { laneSource } from '@waybill/core/lanes'
import { acmeAdmin } from './admin.ts'
import { acmeLaneStore } from './lane-store.ts'
import type { AcmeOptions, AcmeTransaction } from './options.ts'
import { acmeRunner } from './runner.ts'
import { acmeWriter } from './writer.ts'

export type AcmeStorage = OutboxStorage<AcmeTransaction> & TransactionRunner<AcmeTransaction>

/** An outbox on Acme, which opens transactions too. */
export function acmeStorage(options: AcmeOptions = {}): AcmeStorage {
  return {
    // Everything that is decided about claims, leases, holds and crashes is decided in there, once for all databases.
    ...laneSource(acmeLaneStore(options)),
    ...acmeWriter(options),
    ...acmeAdmin(options),
    ...acmeRunner(options),
    async close() {
      // Release what the storage itself has opened, never what it was given.
    },
  }
}
