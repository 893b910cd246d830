import { randomUUID } from 'node:crypto'
import { onServer, sharedKafka } from '@waybill/conformance/containers'
import { Consumer, defineMessages, Outbox, Relay } from '@waybill/core'
import { memoryDatabase, memoryInbox, memoryStorage } from '@waybill/memory'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { kafkaConsumer, kafkaPublisher } from '../src/index.ts'
import { TestBroker } from './broker.ts'
import { eventually } from './eventually.ts'

onServer(await sharedKafka(), { it }, ({ url }) => {
  it('does what the README shows', async () => {
    const broker = await TestBroker.at(url)
    const [topic = ''] = await broker.topics(1)
    const brokers = [broker.address]
    const messages = defineMessages({
      'order.placed': {
        topic,
        key: (order) => order.orderId,
        schema: z.object({ orderId: z.string(), total: z.number() }),
      },
    })
    const database = memoryDatabase()
    const [storage, inbox] = [memoryStorage({ database }), memoryInbox({ database })]
    // #region readme
    // The relay: in the same process as the producers or in others, as many as you like.
    const relay = new Relay({ storage, publisher: kafkaPublisher({ brokers }) })
    await relay.start()

    // The consuming service.
    const consumer = new Consumer({ name: 'billing', source: kafkaConsumer({ brokers }), inbox, messages })
    consumer.on('order.placed', async (message, { tx }) => {
      await tx.put('invoices', message.payload.orderId, { total: message.payload.total })
    })
    await consumer.start()
    // #endregion
    const outbox = new Outbox({ storage, messages })
    const orderId = randomUUID()
    await storage.transaction((tx) => outbox.enqueue(tx, 'order.placed', { orderId, total: 5 }))
    await eventually('the invoice', async () => database.read('invoices').size > 0 || undefined)
    expect([...database.read('invoices').keys()]).toEqual([orderId])
    await consumer.stop()
    await relay.stop()
    await broker[Symbol.asyncDispose]()
  })
})
