import type { InboxHarness, StorageHarness } from '@waybill/conformance'
import { type AcmeTransaction, acmeInbox, acmeStorage } from '../src/index.ts'

/** One fresh, isolated outbox. Make a schema, a database or a file here, named after the rule, and take it away on close. */
export async function storage(_rule: string): Promise<StorageHarness<AcmeTransaction>> {
  const first = acmeStorage()
  return {
    storage: first,
    runner: first,
    // Add roles as you go: reopen, openTransaction or oneWriter, outsideTransaction, plainInsert, disrupt, time.
    close: () => first.close(),
  }
}

/** One fresh, isolated inbox. */
export async function inbox(_rule: string): Promise<InboxHarness<AcmeTransaction>> {
  const first = acmeInbox()
  return {
    inbox: first,
    runner: first,
    close: async () => {
      // Take away what this harness has made.
    },
  }
}
