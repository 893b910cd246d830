import { Outbox } from '@waybill/core'
import { memoryPublisher } from '@waybill/memory'
import { sqliteStorage } from '@waybill/sqlite'
import { expect, it, onTestFinished } from 'vitest'
import { messages, openShop } from '../shop.ts'

it('publishes after the commit, without a guarantee', async () => {
  const db = await openShop()
  const storage = sqliteStorage({ db })
  onTestFinished(() => storage.close())
  const publisher = memoryPublisher()
  const environment = { WAYBILL_OUTBOX_ENABLED: 'false' }
  const lost: string[] = []
  const log = { warn: (line: string) => lost.push(line) }
  const order = { id: 'o-1', total: 5 }
  const row = { ...order, customer: 'c-1', state: 'placed' }

  // #region outbox
  const outbox = new Outbox({ storage, messages, publisher, environment })
  outbox.on('unpublished', ({ message, error }) => {
    log.warn(`${message.id} is lost: ${error.message}`)
  })
  // #endregion
  outbox.on('warning', (warning) => log.warn(warning))
  outbox.on('error', () => undefined)
  expect(outbox.mode).toBe('direct')

  // #region transaction
  await outbox.transaction(async ({ tx, enqueue }) => {
    await tx.insertInto('orders').values(row).execute()
    await enqueue('order.placed', order)
  })
  // #endregion
  expect(publisher.published.map(({ type }) => type)).toEqual(['order.placed'])
  expect(lost).toEqual([expect.stringContaining('direct mode')])

  // #region own-transaction
  const committed = await db.transaction().execute(async (tx) => {
    await tx.updateTable('orders').set({ state: 'paid' }).where('id', '=', order.id).execute()
    await outbox.enqueue(tx, 'order.paid', { id: order.id })
    return tx
  })
  await outbox.committed(committed)
  // #endregion
  expect(publisher.published.map(({ type }) => type)).toEqual(['order.placed', 'order.paid'])

  publisher.broker.onPublish = () => ({ type: 'unavailable', scope: 'broker' })
  await outbox.transaction(async ({ enqueue }) => {
    await enqueue('order.paid', { id: 'o-2' })
  })
  expect(lost.at(-1)).toMatch(/is lost: 'order.paid'.*was not published/)
  expect(await storage.count()).toMatchObject({ pending: 0, published: 0 })
})

it('is an outbox where the environment says nothing', async () => {
  const db = await openShop()
  const storage = sqliteStorage({ db })
  onTestFinished(() => storage.close())
  expect(new Outbox({ storage, messages, publisher: memoryPublisher(), environment: {} }).mode).toBe('outbox')
})
