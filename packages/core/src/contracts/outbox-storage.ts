import type { OutboxAdmin } from './outbox-admin.ts'
import type { OutboxWriter } from './outbox-writer.ts'
import type { RelaySource } from './relay-source.ts'

/** All that a full storage adapter offers on the producing side: what its factory function returns. */
export interface OutboxStorage<in Tx> extends OutboxWriter<Tx>, RelaySource, OutboxAdmin {
  /** Releases connections that the storage opened itself, never those that it was given. Safe to repeat (`storage/*`). */
  close(): Promise<void>
}
