import type { OutboxMessage } from '@waybill/core/contracts'
import type { Timeline } from '../eventually.ts'
import { HandDrivenRelay } from './hand-driven-relay.ts'
import type { AnyStorageHarness } from './harness.ts'

/** Commits the messages in one transaction. */
export async function enqueue(harness: AnyStorageHarness, messages: readonly OutboxMessage[]): Promise<void> {
  await harness.runner.transaction((tx) => harness.storage.insert(tx, messages))
}

/** A relay that is alone at an empty outbox and has had the time to come into everything that it may have. */
export async function joinAlone(
  harness: AnyStorageHarness,
  time: Timeline,
  options: { readonly label?: string; readonly leaseMs?: number } = {},
): Promise<HandDrivenRelay> {
  const relay = await HandDrivenRelay.join(harness.storage, time, options)
  for (let claim = 0; claim < 3; claim++) await relay.claim()
  return relay
}

/** The second process where the harness has one, else the same. */
export async function otherProcess(harness: AnyStorageHarness): Promise<AnyStorageHarness['storage']> {
  return (await harness.reopen?.()) ?? harness.storage
}
