import { rabbitmqConsumer, rabbitmqPublisher } from '@waybill/rabbitmq'
import { connect } from 'amqplib'
import { type BrokerKind, newName, type Route } from '../broker.ts'
import { headersOf, type PlainMessage } from '../plain-message.ts'

/** A durable quorum queue behind a durable exchange; persistent messages, returned if there is no queue, and confirmed. */
const amqplibRoute: Route = {
  broker: 'rabbitmq',
  client: 'amqplib',
  openPublisher: ({ url, name }) =>
    rabbitmqPublisher({ rabbitmq: { url }, route: ({ type }) => ({ exchange: name, routingKey: type }) }),
  openConsumer: ({ url, name }) => rabbitmqConsumer({ rabbitmq: { url }, queue: () => name }),
  async openSender({ url, name }) {
    const connection = await connect(url)
    const channel = await connection.createConfirmChannel()
    return {
      async send(messages) {
        for (const message of messages) channel.publish(name, message.type, message.payload, propertiesOf(message))
        await channel.waitForConfirms()
      },
      [Symbol.asyncDispose]: () => connection.close(),
    }
  },
}

export const rabbitmq: BrokerKind = {
  routes: [amqplibRoute],
  async openDestination(url) {
    const name = newName()
    const connection = await connect(url)
    const channel = await connection.createChannel()
    await channel.assertExchange(name, 'topic', { durable: true })
    await channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': 'quorum' } })
    await channel.bindQueue(name, name, '#')
    return {
      place: { url, name },
      received: async () => (await channel.checkQueue(name)).messageCount,
      empty: async () => void (await channel.purgeQueue(name)),
      async [Symbol.asyncDispose]() {
        await channel.deleteQueue(name)
        await channel.deleteExchange(name)
        await connection.close()
      },
    }
  },
}

function propertiesOf(message: PlainMessage) {
  const { 'waybill-id': messageId, 'waybill-type': type, 'content-type': contentType, ...headers } = headersOf(message)
  return {
    messageId,
    type,
    contentType,
    headers: { ...headers, 'waybill-key': message.key },
    timestamp: Math.floor(Number(message.createdAt) / 1000),
    persistent: true,
    mandatory: true,
  }
}
