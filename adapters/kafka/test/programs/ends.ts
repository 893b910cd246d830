import { kafkaConsumer, kafkaPublisher } from '../../src/index.ts'

// Uses everything once, closes it, and does nothing to end: run by closing.test.ts.
const [address = '', topic = '', client] = process.argv.slice(2)
if (client !== 'kafkajs' && client !== '@platformatic/kafka') throw new Error(`'${client}' is no client`)
const brokers = [address]
const publisher = kafkaPublisher({ brokers, client })
const message = {
  id: 'm-1',
  topic,
  type: 'test',
  payload: new Uint8Array(),
  contentType: 'text/plain',
  headers: {},
  schemaVersion: 1,
  createdAt: 0,
}
const [outcome] = await publisher.publish([message], { signal: new AbortController().signal, timeoutMs: 20_000 })
if (outcome?.type !== 'accepted') throw new Error(`The message was not accepted: ${outcome?.type}`)
const consumer = kafkaConsumer({ brokers, client })
await consumer.redeliveryWindowMs?.([topic])
const delivered = Promise.withResolvers<void>()
await consumer.consume({ group: topic, topics: [topic], maxInFlight: 1 }, async () => {
  delivered.resolve()
  return { type: 'ack' }
})
await delivered.promise
await consumer.close()
await publisher.close()
process.stdout.write('closed\n')
