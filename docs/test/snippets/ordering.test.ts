import { defineMessages, Outbox, Relay } from '@waybill/core'
import { memoryPublisher, memoryStorage } from '@waybill/memory'
import { expect, it } from 'vitest'
import { z } from 'zod'

// #region catalogue
const messages = defineMessages({
  'order.placed': { topic: 'orders', key: (order) => order.id, schema: z.object({ id: z.string() }) },
  'order.cancelled': { topic: 'orders', key: (order) => order.id, schema: z.object({ id: z.string() }) },
})
// #endregion

it('keeps the messages of a key in order, and others go on', async () => {
  const storage = memoryStorage()
  const publisher = memoryPublisher()
  const relay = new Relay({ storage, publisher })
  const outbox = new Outbox({ storage, messages })
  let refusals = 1
  publisher.broker.onPublish = ({ type, orderingKey }) =>
    type === 'order.placed' && orderingKey === 'o-1' && refusals-- > 0 ? { type: 'reject' } : { type: 'accept' }

  await storage.transaction(async (tx) => {
    await outbox.enqueue(tx, 'order.placed', { id: 'o-1' })
    await outbox.enqueue(tx, 'order.cancelled', { id: 'o-1' })
    await outbox.enqueue(tx, 'order.placed', { id: 'o-2' })
  })
  await expect.poll(async () => ((await relay.drain()) ? publisher.published.length : 0), { timeout: 10_000 }).toBe(3)
  const arrived = publisher.published.map(({ type, orderingKey }) => `${type} ${orderingKey}`)
  expect(arrived).toEqual(['order.placed o-2', 'order.placed o-1', 'order.cancelled o-1'])
})

it('takes the key from a call, and lets transactions wait for each other', async () => {
  const storage = memoryStorage()
  const publisher = memoryPublisher()
  const relay = new Relay({ storage, publisher })
  const outbox = new Outbox({ storage, messages })
  const order = { id: 'o-1' }
  const customer = { id: 'c-7' }
  // #region per-call
  await outbox.transaction(async ({ enqueue }) => {
    await enqueue('order.placed', order, { orderingKey: customer.id })
  })
  // #endregion
  // #region lock-key
  await outbox.transaction(async ({ enqueue }) => {
    await enqueue('order.cancelled', order, { lockKey: true })
    // ... and only then the statements that lock the order's row.
  })
  // #endregion
  await relay.drain()
  expect(publisher.published.map(({ orderingKey }) => orderingKey)).toEqual(['c-7', 'o-1'])
})
