import { Outbox, TransitionError, Transitions } from '@waybill/core'
import { sqliteInbox, sqliteStorage } from '@waybill/sqlite'
import { expect, it, onTestFinished } from 'vitest'
import { messages, openShop } from '../shop.ts'

it('moves an order, writes that down, and tells others', async () => {
  const db = await openShop()
  const storage = sqliteStorage({ db })
  onTestFinished(() => storage.close())
  const outbox = new Outbox({ storage, messages })

  // #region machine
  const orders = new Transitions({
    inbox: sqliteInbox({ db }),
    machine: 'order',
    initial: ['placed'],
    moves: {
      placed: ['paid', 'cancelled'],
      paid: ['shipped'],
      shipped: [],
      cancelled: [],
    },
  })
  // #endregion

  await db.transaction().execute(async (tx) => {
    await tx.insertInto('orders').values({ id: 'o-1', customer: 'c-1', total: 5, state: 'placed' }).execute()
    await orders.transition(tx, { entity: 'o-1', from: null, to: 'placed' })
  })

  // #region move
  async function pay(id: string, payment: string): Promise<void> {
    await db.transaction().execute(async (tx) => {
      const reason = `payment ${payment}`
      await orders.transition(tx, { entity: id, from: 'placed', to: 'paid', reason })
      await tx.updateTable('orders').set({ state: 'paid' }).where('id', '=', id).execute()
      await outbox.enqueue(tx, 'order.paid', { id })
    })
  }
  // #endregion

  // #region conflict
  async function payOnce(id: string, payment: string): Promise<'paid' | 'too late'> {
    try {
      await pay(id, payment)
      return 'paid'
    } catch (error) {
      const isLate = error instanceof TransitionError && error.code === 'TRANSITION_CONFLICT'
      if (isLate) return 'too late'
      throw error
    }
  }
  // #endregion

  expect(await payOnce('o-1', '4711')).toBe('paid')
  expect(await payOnce('o-1', '4712')).toBe('too late')
  expect(await storage.count()).toMatchObject({ pending: 1 })

  // #region history
  const history = await orders.history('o-1')
  const lines = history.map(({ sequence, from, to, reason }) => {
    return `${sequence}. from ${from ?? 'nothing'} to ${to}: ${reason ?? 'no reason'}`
  })
  // #endregion
  expect(lines).toEqual(['1. from nothing to placed: no reason', '2. from placed to paid: payment 4711'])
})
