import type { OutboxMessage } from '@waybill/core/contracts'
import { type MemoryStorage, memoryStorage } from '@waybill/memory'
import { keyOf, orderPlaced } from './sample-message.ts'

const rowsPerTransaction = 10_000

/** A storage in memory that removes what is published, with messages that wait. */
export async function filledMemoryStorage(pending: number): Promise<MemoryStorage> {
  const storage = memoryStorage({ retentionMs: 0 })
  for (let first = 0; first < pending; first += rowsPerTransaction) {
    const count = Math.min(rowsPerTransaction, pending - first)
    const messages = Array.from({ length: count }, (_, index) => message(first + index))
    await storage.transaction((tx) => storage.insert(tx, messages))
  }
  return storage
}

function message(number: number): OutboxMessage {
  return {
    id: `01990000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`,
    topic: 'orders',
    type: 'order.placed',
    payload: Buffer.from(JSON.stringify(orderPlaced(number))),
    contentType: 'application/json',
    headers: {},
    orderingKey: keyOf(number),
    schemaVersion: 1,
    createdAt: 1_760_000_000_000,
  }
}
