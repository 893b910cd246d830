import { type OwnServer, startRabbitmq } from '@waybill/conformance/containers'
import { type Channel, type ConsumeMessage, connect } from 'amqplib'
import type { Acceptance, Broker, BrokerTerms, NoBroker } from '../broker.ts'
import { brokerOn } from '../own-server.ts'
import { relayHeader } from '../stamped-publisher.ts'
import { queueOf, witness } from './topology.ts'

/** RabbitMQ notes in a header of each message when it came. */
const timed = 'message_interceptors.incoming.set_header_timestamp.overwrite = true'
const settings = [
  'bash',
  '-c',
  `echo '${timed}' > /etc/rabbitmq/conf.d/30-crash.conf && exec docker-entrypoint.sh rabbitmq-server`,
]
const timeHeader = 'timestamp_in_ms'
/** Without an acknowledgement. */
const prefetched = 500
/** Nothing new for so long: what a queue is said to have does not come. */
const patienceMs = 30_000

/** Durable exchanges and quorum queues: what it has confirmed is on the disk. */
export function startRabbitmqBroker({ topics, groups }: BrokerTerms): Promise<Broker | NoBroker> {
  return brokerOn(startRabbitmq({ arguments: settings }), {
    broker: 'rabbitmq',
    // Two queues stand behind each exchange, and one of them may find its leader later than the other.
    refusesInPart: true,
    async prepare(server) {
      await onChannel(server.url, (channel) => declare(channel, topics, groups))
      // A quorum queue whose server is killed in the first seconds of its life may never find a leader again (RabbitMQ 4.0.5):
      // an orderly restart writes down what there is to know of it.
      await server.restart()
    },
    readLog: (server) => readLog(server, topics),
  })
}

async function declare(channel: Channel, topics: readonly string[], groups: readonly string[]): Promise<void> {
  for (const topic of topics) {
    await channel.assertExchange(topic, 'topic', { durable: true })
    for (const group of [witness, ...groups]) {
      const queue = queueOf(topic, group)
      const single = group === witness ? {} : { 'x-single-active-consumer': true }
      await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum', ...single } })
      await channel.bindQueue(queue, topic, '#')
    }
  }
}

/** By a plain client that reads the queues empty: of a quorum queue nobody gets more than 2,000 messages without acknowledging them. */
async function readLog({ url }: OwnServer, topics: readonly string[]): Promise<readonly Acceptance[]> {
  return await onChannel(url, async (channel) => {
    await channel.prefetch(prefetched)
    const log: Acceptance[] = []
    for (const topic of topics) log.push(...(await readQueue(channel, topic)))
    return log
  })
}

async function readQueue(channel: Channel, topic: string): Promise<readonly Acceptance[]> {
  const queue = queueOf(topic, witness)
  const { messageCount } = await channel.checkQueue(queue)
  const found: Acceptance[] = []
  if (messageCount === 0) return found
  const { promise: complete, resolve, reject } = Promise.withResolvers<void>()
  const fail = () =>
    reject(new Error(`RabbitMQ has delivered ${found.length} of the ${messageCount} messages of ${queue}`))
  let impatience = setTimeout(fail, patienceMs)
  await channel.consume(queue, (message) => {
    if (message === null) return fail()
    clearTimeout(impatience)
    found.push(acceptanceOf(topic, message))
    channel.ack(message)
    if (found.length === messageCount) resolve()
    else impatience = setTimeout(fail, patienceMs)
  })
  await complete
  return found
}

function acceptanceOf(topic: string, { properties, content }: ConsumeMessage): Acceptance {
  const { headers = {} } = properties
  const key: unknown = headers['waybill-key']
  return {
    id: String(properties.messageId),
    topic,
    key: key === undefined ? null : String(key),
    payload: content.toString(),
    relay: String(headers[relayHeader]),
    at: Number(headers[timeHeader]),
  }
}

async function onChannel<T>(url: string, work: (channel: Channel) => Promise<T>): Promise<T> {
  const connection = await connect(url)
  // An error between two calls also fails the call that follows.
  connection.on('error', () => undefined)
  try {
    return await work(await connection.createChannel())
  } finally {
    await connection.close().catch(() => undefined)
  }
}
