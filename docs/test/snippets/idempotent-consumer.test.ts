import { Consumer, exponential, Inbox, jsonSerializer, type Message } from '@waybill/core'
import { memoryBroker, memoryConsumer } from '@waybill/memory'
import { sqliteInbox } from '@waybill/sqlite'
import { expect, it, onTestFinished } from 'vitest'
import { messages, openShop, placed } from '../shop.ts'

it('takes two messages that tell the same for one', async () => {
  const db = await openShop()
  const source = memoryConsumer()
  const inbox = sqliteInbox({ db })
  // #region dedup-key
  const consumer = new Consumer({
    name: 'billing',
    source,
    inbox,
    messages,
    dedupKey: ({ aggregateId, sequence, type }) => `${aggregateId}:${sequence}:${type}`,
  })
  // #endregion
  consumer.on('order.placed', async ({ payload }, { tx }) => {
    await tx.insertInto('invoices').values({ order_id: payload.id, total: payload.total }).execute()
  })
  const told = { aggregateType: 'order', aggregateId: 'o-1', sequence: 1 }
  expect(await consumer.handle(placed('o-1', 5, { ...told, id: 'one' }))).toBe('processed')
  expect(await consumer.handle(placed('o-1', 5, { ...told, id: 'two' }))).toBe('duplicate')
})

it('guards a loop of your own', async () => {
  const db = await openShop()
  const acknowledged: string[] = []
  const acknowledge = async (message: Message) => {
    acknowledged.push(message.id)
  }

  const orderOf = ({ payload }: Message) => jsonSerializer.deserialize(payload) as { id: string; total: number }

  // #region guard
  const billing = new Inbox({ inbox: sqliteInbox({ db }), consumer: 'billing' })

  async function onMessage(message: Message): Promise<void> {
    await db.transaction().execute((tx) =>
      billing.guard(tx, message, async () => {
        const { id, total } = orderOf(message)
        await tx.insertInto('invoices').values({ order_id: id, total }).execute()
      }),
    )
    // The transaction has committed: only now may the broker forget the message.
    await acknowledge(message)
  }
  // #endregion

  // #region guard-many
  async function onBatch(batch: readonly Message[]): Promise<void> {
    await db.transaction().execute((tx) =>
      billing.guardMany(tx, batch, async (fresh) => {
        const orders = fresh.map(orderOf)
        const invoices = orders.map(({ id, total }) => ({ order_id: id, total }))
        await tx.insertInto('invoices').values(invoices).execute()
      }),
    )
    for (const message of batch) await acknowledge(message)
  }
  // #endregion

  await onMessage(placed('o-1', 5))
  await onMessage(placed('o-1', 5))
  await onBatch([placed('o-1', 5), placed('o-2', 6), placed('o-3', 7)])
  expect(await db.selectFrom('invoices').select('order_id').execute()).toEqual([
    { order_id: 'o-1' },
    { order_id: 'o-2' },
    { order_id: 'o-3' },
  ])
  expect(acknowledged).toEqual(['o-1', 'o-1', 'o-1', 'o-2', 'o-3'].map((id) => `${id}-placed`))
})

it('guards against messages that others have made', async () => {
  const db = await openShop()
  const billing = new Inbox({ inbox: sqliteInbox({ db }), consumer: 'billing' })
  const record = { key: 'o-1', value: new TextEncoder().encode('{"id":"o-1"}'), headers: { 'event-id': 'e-4711' } }

  // #region foreign
  const message: Message = {
    id: record.headers['event-id'],
    topic: 'legacy-orders',
    type: 'order.placed',
    payload: record.value,
    contentType: 'application/json',
    headers: {},
    schemaVersion: 1,
    createdAt: 0,
  }
  // #endregion

  const take = () => db.transaction().execute((tx) => billing.guard(tx, message, () => undefined))
  expect([await take(), await take()]).toEqual(['processed', 'duplicate'])
})

it('waits for a row that cannot be read yet', async () => {
  const db = await openShop()
  const broker = memoryBroker()
  const source = memoryConsumer({ broker })
  const inbox = sqliteInbox({ db })

  // #region row-not-yet
  const worker = new Consumer({
    name: 'worker',
    source,
    inbox,
    messages,
    retry: exponential({ baseMs: 50, maxMs: 2_000, maxAttempts: 8 }),
    redriveAfter: { delayMs: 60_000, times: 60 },
  })
  worker.on('job.submitted', async (message, { tx }) => {
    const { id } = message.payload
    const job = tx.updateTable('jobs').set({ state: 'done' }).where('id', '=', id)
    const { numUpdatedRows } = await job.executeTakeFirst()
    if (numUpdatedRows === 0n) throw new Error(`job ${id} cannot be read yet`)
  })
  // #endregion

  const tooEarly = new Promise((resolve) => worker.on('retry', resolve))
  worker.on('error', () => undefined)
  onTestFinished(() => worker.stop())
  await worker.start()
  const payload = jsonSerializer.serialize({ id: 'j-1' })
  broker.append(placed('j-1', 0, { topic: 'jobs', type: 'job.submitted', payload }))
  await tooEarly
  await db.insertInto('jobs').values({ id: 'j-1', state: 'ready' }).execute()
  const jobs = () => db.selectFrom('jobs').selectAll().execute()
  await expect.poll(jobs).toEqual([{ id: 'j-1', state: 'done' }])
})
