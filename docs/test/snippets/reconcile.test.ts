import { Outbox, reconcile } from '@waybill/core'
import { sqliteInbox, sqliteStorage } from '@waybill/sqlite'
import { expect, it, onTestFinished } from 'vitest'
import { messages, openShop } from '../shop.ts'

it('enqueues what the past has lost, once', async () => {
  const db = await openShop()
  const storage = sqliteStorage({ db })
  onTestFinished(() => storage.close())
  const outbox = new Outbox({ storage, messages })
  const orders = ['o-1', 'o-2', 'o-3'].map((id) => ({ id, customer: 'c-1', total: 5, state: 'placed' }))
  await db.insertInto('orders').values(orders).execute()
  await db.transaction().execute(async (tx) => {
    await outbox.enqueue(tx, 'order.placed', { id: 'o-2', total: 5 }, { id: 'o-2:placed' })
  })

  // #region reconcile
  /** Ids of the messages that there should be: one for each order, which its producer enqueues under the same id. */
  async function* expected(): AsyncGenerator<readonly string[]> {
    let last = ''
    for (;;) {
      const page = await db.selectFrom('orders').select('id').where('id', '>', last).orderBy('id').limit(500).execute()
      if (page.length === 0) return
      last = page.at(-1)?.id ?? last
      yield page.map(({ id }) => `${id}:placed`)
    }
  }

  const repair = (dryRun: boolean) =>
    reconcile({
      name: 'orders placed before the outbox',
      inbox: sqliteInbox({ db }),
      expected: expected(),
      enqueued: storage,
      enqueue: async (tx, ids) => {
        const orderIds = ids.map((id) => id.replace(/:placed$/, ''))
        const missing = await tx.selectFrom('orders').select(['id', 'total']).where('id', 'in', orderIds).execute()
        const items = missing.map((order) => ({
          type: 'order.placed' as const,
          payload: order,
          id: `${order.id}:placed`,
        }))
        await outbox.enqueueMany(tx, items)
      },
      dryRun,
    })
  // #endregion

  expect(await repair(true)).toEqual({ expected: 3, present: 1, repaired: 0, enqueued: 2 })
  expect(await repair(false)).toEqual({ expected: 3, present: 1, repaired: 0, enqueued: 2 })
  expect(await repair(false)).toEqual({ expected: 3, present: 3, repaired: 0, enqueued: 0 })
  expect(await storage.count()).toMatchObject({ pending: 3 })
})
