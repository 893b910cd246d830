import { ProduceAcks, Producer, stringSerializers } from '@platformatic/kafka'
import { kafkaConsumer, kafkaPublisher } from '@waybill/kafka'
import type { Route } from '../broker.ts'
import { headersOf } from '../plain-message.ts'

/** As its README has it: strings by its own serialisers, the partition by the key; payloads are bytes already. */
export const platformaticRoute: Route = {
  broker: 'kafka',
  client: '@platformatic/kafka',
  openPublisher: ({ url, name }) =>
    kafkaPublisher({ brokers: [new URL(url).host], topicOf: () => name, client: '@platformatic/kafka' }),
  openConsumer: ({ url, name }) =>
    kafkaConsumer({ brokers: [new URL(url).host], topicOf: () => name, client: '@platformatic/kafka' }),
  async openSender({ url, name }) {
    const { key, headerKey, headerValue } = stringSerializers
    const producer = new Producer<string, Buffer, string, string>({
      clientId: 'benchmark',
      bootstrapBrokers: [new URL(url).host],
      autocreateTopics: false,
      serializers: { key, value: (payload) => payload, headerKey, headerValue },
    })
    return {
      async send(messages) {
        await producer.send({
          acks: ProduceAcks.ALL,
          messages: messages.map((message) => ({
            topic: name,
            key: message.key,
            value: message.payload,
            headers: headersOf(message),
          })),
        })
      },
      [Symbol.asyncDispose]: () => producer.close(),
    }
  },
}
