import { ConfigurationError, orderingScope } from '../contracts/index.ts'
import type { ComposedMessage } from './compose-message.ts'
import type { OutboxTarget } from './outbox-types.ts'

/** Writes messages in a transaction, after the locks that they ask for, which every transaction takes in one order. */
export async function writeMessages<Tx>(
  storage: OutboxTarget<Tx, never, unknown>,
  tx: Tx,
  composed: readonly ComposedMessage[],
): Promise<void> {
  const locking = composed.filter((each) => each.lockKey)
  if (locking.length > 0) {
    const scopes = new Set(locking.map(({ message }) => orderingScope(message)))
    for (const scope of [...scopes].sort()) await lockKey(storage, tx, scope)
  }
  await storage.insert(
    tx,
    composed.map(({ message }) => message),
  )
}

async function lockKey<Tx>(storage: OutboxTarget<Tx, never, unknown>, tx: Tx, scope: string): Promise<void> {
  if (storage.lockKey === undefined) {
    const rule = `is more than the storage '${storage.name}' can do: enqueue after locking what the message speaks of`
    throw new ConfigurationError('Outbox.enqueue', [{ option: 'lockKey', value: true, rule }])
  }
  await storage.lockKey(tx, scope)
}
