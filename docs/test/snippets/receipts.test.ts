import { Consumer } from '@waybill/core'
import { memoryConsumer } from '@waybill/memory'
import { sqliteInbox } from '@waybill/sqlite'
import { expect, it } from 'vitest'
import { messages, openShop, placed } from '../shop.ts'

it('keeps receipts for as long as it is told', async () => {
  const db = await openShop()
  const inbox = sqliteInbox({ db })
  const source = memoryConsumer()
  // #region consumer
  const consumer = new Consumer({
    name: 'billing',
    source,
    inbox,
    messages,
    receiptRetentionMs: 30 * 24 * 3_600_000,
    pruneIntervalMs: 3_600_000,
  })
  // #endregion
  consumer.on('order.placed', () => undefined)
  expect(await consumer.handle(placed('o-1', 5))).toBe('processed')
  expect(await consumer.handle(placed('o-1', 5))).toBe('duplicate')
  // #region prune
  const removed = await inbox.prune({ olderThanMs: 30 * 24 * 3_600_000 })
  // #endregion
  expect(removed).toBe(0)
  await expect.poll(() => inbox.prune({ olderThanMs: 0 })).toBe(1)
  expect(await consumer.handle(placed('o-1', 5))).toBe('processed')
})
