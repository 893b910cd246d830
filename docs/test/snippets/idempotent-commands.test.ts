import { CommandError, Commands, Outbox } from '@waybill/core'
import { sqliteInbox, sqliteStorage } from '@waybill/sqlite'
import { expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { messages, openShop } from '../shop.ts'

async function openService() {
  const db = await openShop()
  const storage = sqliteStorage({ db })
  onTestFinished(() => storage.close())
  return { db, storage, outbox: new Outbox({ storage, messages }) }
}

it('answers a repeated request with the first result', async () => {
  const { db, storage, outbox } = await openService()

  // #region http
  const commands = new Commands({ inbox: sqliteInbox({ db }), whenBusy: 'refuse' })
  const orderRequest = z.object({ id: z.string(), total: z.number() })
  const problem = (status: number, title: string) => Response.json({ title }, { status })

  async function postOrder(request: Request, customer: string): Promise<Response> {
    const key = request.headers.get('idempotency-key')
    if (key === null) return problem(400, 'Idempotency-Key is missing')
    const asked = orderRequest.parse(await request.json())
    const command = { scope: `POST /orders of ${customer}`, key, request: asked }
    try {
      const { result } = await commands.execute(command, async (tx) => {
        const order = { ...asked, customer, state: 'placed' }
        await tx.insertInto('orders').values(order).execute()
        await outbox.enqueue(tx, 'order.placed', asked)
        return order
      })
      return Response.json(result, { status: 201 })
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      return problem(error.code === 'COMMAND_BUSY' ? 409 : 422, error.message)
    }
  }
  // #endregion

  const post = (body: object, headers: Record<string, string> = { 'idempotency-key': '"k-1"' }) =>
    postOrder(
      new Request('http://localhost/orders', { method: 'POST', body: JSON.stringify(body), headers }),
      'customer-1',
    )
  const first = await post({ id: 'o-1', total: 5 })
  const repeat = await post({ total: 5, id: 'o-1' })
  expect([first.status, repeat.status]).toEqual([201, 201])
  expect(await repeat.json()).toEqual(await first.json())
  expect((await post({ id: 'o-2', total: 6 })).status).toBe(422)
  expect((await post({ id: 'o-1', total: 5 }, {})).status).toBe(400)
  expect(await db.selectFrom('orders').select('id').execute()).toEqual([{ id: 'o-1' }])
  expect(await storage.count()).toMatchObject({ pending: 1 })
})

it('shares the transaction of a framework', async () => {
  const { db } = await openService()
  const commands = new Commands({ inbox: sqliteInbox({ db }) })
  const order = { id: 'o-1', customer: 'c-1', total: 5, state: 'placed' }
  const key = 'k-1'
  async function place() {
    // #region own-transaction
    const { result, repeated } = await db.transaction().execute(async (tx) => {
      const command = { scope: 'place order', key, request: order }
      return await commands.idempotent(tx, command, async () => {
        await tx.insertInto('orders').values(order).execute()
        return { id: order.id }
      })
    })
    // #endregion
    return { result, repeated }
  }
  expect(await place()).toEqual({ result: { id: 'o-1' }, repeated: false })
  expect(await place()).toEqual({ result: { id: 'o-1' }, repeated: true })
})

it('forgets results that have expired', async () => {
  const { db } = await openService()
  const inbox = sqliteInbox({ db })
  // #region retention
  const commands = new Commands({ inbox, retentionMs: 3 * 24 * 3_600_000 })
  const removed = await commands.prune()
  // #endregion
  expect(removed).toBe(0)
})
