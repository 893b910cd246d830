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
  /** One message for each order, whose id is made of the order's. */
  async function* expected(): AsyncGenerator<readonly string[]> {
    let last = ''
    for (;;) {
      const next = db.selectFrom('orders').select('id').where('id', '>', last)
      const page = await next.orderBy('id').limit(500).execute()
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
        const orders = ids.map((id) => id.replace(/:placed$/, ''))
        const missing = tx.selectFrom('orders').select(['id', 'total'])
        const found = await missing.where('id', 'in', orders).execute()
        const items = found.map((payload) => {
          return { type: 'order.placed' as const, payload, id: `${payload.id}:placed` }
        })
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
