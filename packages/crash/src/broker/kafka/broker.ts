import { setTimeout as wait } from 'node:timers/promises'
import { type OwnServer, startKafka } from '@waybill/conformance/containers'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import type { Acceptance, Broker, BrokerTerms, NoBroker } from '../broker.ts'
import { brokerOn, outputOf } from '../own-server.ts'
import { acceptanceOf } from './printed-record.ts'

const partitions = 4
const leadersWithinMs = 30_000
const lookEveryMs = 100
/** In the container: where the broker listens for its own tools. */
const inside = 'localhost:19092'

/** Keeps what it has accepted over a SIGKILL: what is written outlives the process, and our publisher asks for all replicas. */
export function startKafkaBroker({ topics }: BrokerTerms): Promise<Broker | NoBroker> {
  return brokerOn(startKafka(), {
    broker: 'kafka',
    prepare: (server) => asAdmin(server.url, (admin) => createTopics(admin, topics)),
    readLog: async (server) => {
      const ends = await asAdmin(server.url, async (admin) => {
        const counts: number[] = []
        for (const topic of topics) counts.push(await countRecords(admin, topic))
        return counts
      })
      const log: Acceptance[] = []
      for (const [index, topic] of topics.entries()) log.push(...(await readTopic(server, topic, ends[index] ?? 0)))
      return log
    },
  })
}

/** The time of a record is the broker's, not the publisher's. */
async function createTopics(admin: Admin, topics: readonly string[]): Promise<void> {
  const configEntries = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }]
  await admin.createTopics({
    topics: topics.map((topic) => ({ topic, numPartitions: partitions, replicationFactor: 1, configEntries })),
    waitForLeaders: false,
  })
  const giveUpAt = performance.now() + leadersWithinMs
  for (const topic of topics) {
    // Asks the leaders, which may not know yet that they are.
    while (!(await hasLeaders(admin, topic))) {
      if (performance.now() > giveUpAt) throw new Error(`The topic ${topic} has no leaders`)
      await wait(lookEveryMs)
    }
  }
}

async function hasLeaders(admin: Admin, topic: string): Promise<boolean> {
  try {
    return (await admin.fetchTopicOffsets(topic)).length === partitions
  } catch {
    return false
  }
}

async function countRecords(admin: Admin, topic: string): Promise<number> {
  const offsets = await admin.fetchTopicOffsets(topic)
  return offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0)
}

/** By Kafka's own console consumer, which is told how much there is: it ends when it has read so much. */
async function readTopic(server: OwnServer, topic: string, records: number): Promise<readonly Acceptance[]> {
  if (records === 0) return []
  const properties = ['timestamp', 'partition', 'offset', 'headers', 'key', 'value'].flatMap((name) => [
    '--property',
    `print.${name}=true`,
  ])
  const output = await outputOf(server, [
    '/opt/kafka/bin/kafka-console-consumer.sh',
    ...['--bootstrap-server', inside, '--topic', topic, '--from-beginning'],
    ...['--max-messages', String(records), '--timeout-ms', '60000'],
    ...properties,
  ])
  const found = output.split('\n').flatMap((line) => acceptanceOf(topic, line) ?? [])
  if (found.length === records) return found
  throw new Error(`Kafka has printed ${found.length} of the ${records} records of ${topic}: ${output.slice(-500)}`)
}

async function asAdmin<T>(url: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  const kafka = new Kafka({ brokers: [new URL(url).host], logLevel: logLevel.NOTHING, retry: { retries: 10 } })
  const admin = kafka.admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}
