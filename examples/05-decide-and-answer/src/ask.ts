import { randomUUID } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { type EachMessagePayload, Kafka, logLevel, Partitioners } from 'kafkajs'
import { config, kafka } from './config.ts'
import { creditDecided, creditRequested } from './messages.ts'

// Sends the requests of its standard input, a line of JSON each, and waits for their answers. It stands for somebody else's
// program: nothing of Waybill is in it, and its records are CloudEvents.

const lines = (await text(process.stdin)).split('\n').filter((line) => line !== '')
const requests = lines.map((line) => creditRequested.parse(JSON.parse(line)))
const waiting = new Set(requests.map(({ requestId }) => requestId))
const allAnswered = Promise.withResolvers<void>()

const client = new Kafka({ brokers: kafka.brokers, logLevel: logLevel.ERROR })
const [producer, admin] = [client.producer({ createPartitioner: Partitioners.DefaultPartitioner }), client.admin()]
// Reads all answers that there are: one that was asked before has its answer already.
const groupId = `${config.KAFKA_PREFIX}ask-${randomUUID()}`
const consumer = client.consumer({ groupId })
await Promise.all([producer.connect(), admin.connect(), consumer.connect()])

await producer.send({
  topic: kafka.topicOf('credit-requests'),
  messages: requests.map((request) => ({
    key: request.customerId,
    value: JSON.stringify(request),
    headers: {
      ce_specversion: '1.0',
      ce_id: request.requestId,
      ce_source: '/ask',
      ce_type: 'credit.requested',
      'content-type': 'application/json',
    },
  })),
})
console.log(`ask: ${requests.length} requests`)
if (waiting.size === 0) allAnswered.resolve()
await consumer.subscribe({ topic: kafka.topicOf('credit-answers'), fromBeginning: true })
await consumer.run({ eachMessage: async (record) => read(record) })
await allAnswered.promise
await consumer.disconnect()
await admin.deleteGroups([groupId])
await Promise.all([producer.disconnect(), admin.disconnect()])

/** An answer may come twice, and those of others come too. */
function read({ message }: EachMessagePayload): void {
  const answer = creditDecided.parse(JSON.parse(String(message.value)))
  if (!waiting.delete(answer.requestId)) return
  console.log(`${answer.requestId}: ${answer.granted ? 'granted' : 'refused'}, ${answer.usedCents} cents in all`)
  if (waiting.size === 0) allAnswered.resolve()
}
