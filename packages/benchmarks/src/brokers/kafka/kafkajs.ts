import { kafkaConsumer, kafkaPublisher } from '@waybill/kafka'
import { Kafka, logLevel } from 'kafkajs'
import type { Route } from '../broker.ts'
import { headersOf } from '../plain-message.ts'

const acksFromAll = -1

/** kafkajs with what a careful user would set: all replicas in sync, no idempotence, the partition by the key. */
export const kafkajsRoute: Route = {
  broker: 'kafka',
  client: 'kafkajs',
  openPublisher: ({ url, name }) => kafkaPublisher({ brokers: [new URL(url).host], topicOf: () => name }),
  openConsumer: ({ url, name }) => kafkaConsumer({ brokers: [new URL(url).host], topicOf: () => name }),
  async openSender({ url, name }) {
    const kafka = new Kafka({ brokers: [new URL(url).host], logLevel: logLevel.NOTHING })
    const producer = kafka.producer({ allowAutoTopicCreation: false })
    await producer.connect()
    return {
      async send(messages) {
        await producer.send({
          topic: name,
          acks: acksFromAll,
          messages: messages.map((message) => ({
            key: message.key,
            value: message.payload,
            headers: headersOf(message),
          })),
        })
      },
      [Symbol.asyncDispose]: () => producer.disconnect(),
    }
  },
}
