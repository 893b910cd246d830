import { randomUUID } from 'node:crypto'
import { sharedRabbitmq } from '@waybill/conformance/containers'
import type { Message } from '@waybill/core/contracts'
import { type Channel, type ChannelModel, connect } from 'amqplib'
import { rawOf, toMessage } from '../src/mapping.ts'

let found: ReturnType<typeof sharedRabbitmq> | undefined

/** The server that all test files of a run share, or why there is none. It is started when somebody asks for it. */
export function findServer(): ReturnType<typeof sharedRabbitmq> {
  found ??= sharedRabbitmq()
  return found
}

/** A name that no other test has. */
export function unique(label: string): string {
  return `${label}-${randomUUID().slice(0, 8)}`
}

/** A connection that is not the adapter's, as a person's or another program's. */
export async function plainChannel(url: string): Promise<{ model: ChannelModel; channel: Channel }> {
  const model = await connect(url)
  model.on('error', () => undefined)
  const channel = await model.createChannel()
  channel.on('error', () => undefined)
  return { model, channel }
}

/** Makes a topic's exchange with a queue for everything; answers what has arrived there so far, in that order. */
export async function watchTopic(channel: Channel, topic: string): Promise<readonly Message[]> {
  const arrived: Message[] = []
  await channel.assertExchange(topic, 'topic', { durable: true })
  const { queue } = await channel.assertQueue('', { exclusive: true })
  await channel.bindQueue(queue, topic, '#')
  const take = (content: Buffer, properties: Parameters<typeof rawOf>[1]): void => {
    const message = toMessage(topic, rawOf(content, properties))
    if (message !== undefined) arrived.push(message)
  }
  await channel.consume(queue, (delivery) => delivery && take(delivery.content, delivery.properties), { noAck: true })
  return arrived
}
