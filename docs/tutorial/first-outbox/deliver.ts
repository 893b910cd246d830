import { setTimeout as wait } from 'node:timers/promises'
import { Consumer, Relay } from '@waybill/core'
import { memoryBroker, memoryConsumer, memoryPublisher } from '@waybill/memory'
import { sqliteInbox, sqliteStorage } from '@waybill/sqlite'
import { db } from './database.ts'
import { messages } from './messages.ts'

const broker = memoryBroker()
const storage = sqliteStorage({ db })

if (process.argv[2] === 'lose-reply') {
  let lost = false
  broker.onPublish = () => {
    const type = lost ? 'accept' : 'lose-reply'
    lost = true
    return { type }
  }
}

// The service that bills. What its handler writes through tx happens once.
const consumer = new Consumer({
  name: 'billing',
  source: memoryConsumer({ broker }),
  inbox: sqliteInbox({ db }),
  messages,
})
consumer.on('order.placed', async (message, { tx }) => {
  const { id, total } = message.payload
  await tx.insertInto('invoices').values({ order_id: id, total }).execute()
  console.log(`invoice for ${id}`)
})
let handled = 0
consumer.on('processed', () => {
  handled += 1
})
consumer.on('duplicate', ({ message }) => {
  handled += 1
  console.log(`${message.type} came again: nothing to do`)
})
await consumer.start()

// The relay. It publishes what has committed, and notes what the broker has accepted.
const relay = new Relay({ storage, publisher: memoryPublisher({ broker }) })
await relay.start()

const isDone = async () => {
  const { pending, processing } = await storage.count()
  return pending + processing === 0 && handled === broker.log.length
}
while (!(await isDone())) await wait(50)
await relay.stop()
await consumer.stop()
await storage.close()
console.log(`the broker has ${broker.log.length} message(s)`)
