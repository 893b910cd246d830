import { Consumer, Outbox, stopOnSignals } from '@waybill/core'
import { memoryBroker, memoryConsumer } from '@waybill/memory'
import { sqliteInbox, sqliteStorage } from '@waybill/sqlite'
import { expect, it, onTestFinished } from 'vitest'
import { messages, openShop, placed } from '../shop.ts'

it('takes messages, and answers with others', async () => {
  const db = await openShop()
  const broker = memoryBroker()
  const source = memoryConsumer({ broker })
  const lines: string[] = []
  const log = { info: (line: string) => lines.push(line), error: (error: Error) => lines.push(error.message) }

  // #region consumer
  const storage = sqliteStorage({ db })
  const outbox = new Outbox({ storage, messages })
  const consumer = new Consumer({
    name: 'billing',
    source,
    inbox: sqliteInbox({ db }),
    outbox,
    messages,
  })

  consumer.on('order.placed', async (message, { tx, outbox, signal }) => {
    const { id, total } = message.payload
    await tx.insertInto('invoices').values({ order_id: id, total }).execute()
    signal.throwIfAborted()
    await outbox.enqueue('order.paid', { id })
  })
  // #endregion

  // #region middleware
  consumer.use(async (message, { attempt }, next) => {
    const start = performance.now()
    await next()
    const ms = Math.round(performance.now() - start)
    log.info(`${message.type} ${message.id}, attempt ${attempt}: ${ms} ms`)
  })
  // #endregion

  // #region start
  consumer.on('error', (error) => log.error(error))
  stopOnSignals([consumer])
  await consumer.start()
  // #endregion

  broker.append(placed('o-1', 5))
  const invoices = () => db.selectFrom('invoices').selectAll().execute()
  await expect.poll(invoices).toEqual([{ order_id: 'o-1', total: 5 }])
  expect(await storage.count()).toMatchObject({ pending: 1 })
  expect(lines).toEqual([expect.stringMatching(/^order.placed o-1-placed, attempt 1: \d+ ms$/)])
  // A real signal would end the test runner as well.
  process.listeners('SIGTERM').at(-1)?.('SIGTERM')
  await consumer.closed
  await storage.close()
})

it('is tried without a broker', async () => {
  const db = await openShop()
  onTestFinished(() => consumer.stop())
  const consumer = new Consumer({ name: 'billing', source: memoryConsumer(), inbox: sqliteInbox({ db }), messages })
  consumer.on('order.placed', async ({ payload }, { tx }) => {
    await tx.insertInto('invoices').values({ order_id: payload.id, total: payload.total }).execute()
  })
  const message = placed('o-1', 5)

  // #region handle
  expect(await consumer.handle(message)).toBe('processed')
  expect(await consumer.handle(message)).toBe('duplicate')
  // #endregion
  expect(await db.selectFrom('invoices').select('order_id').execute()).toEqual([{ order_id: 'o-1' }])
})
