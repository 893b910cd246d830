import { randomUUID } from 'node:crypto'
import type { BrokerPublisher, Message } from '@waybill/core/contracts'
import { expect } from 'vitest'
import { type KafkaClientName, kafkaPublisher } from '../src/index.ts'
import { TestBroker } from './broker.ts'
import { eventually } from './eventually.ts'

/** How long a test waits for a broker that was killed to answer again, in milliseconds. */
export const patienceMs = 60_000

const keys = Array.from({ length: 10 }, (_, index) => `key-${index}`)
const roundsBetween = 5

/** The `nth` message of each key. */
export function round(topic: string, nth: number): readonly Message[] {
  return keys.map((orderingKey) => ({
    id: `${orderingKey}/${nth}/${randomUUID()}`,
    topic,
    type: 'test',
    payload: new Uint8Array(),
    contentType: 'text/plain',
    headers: {},
    orderingKey,
    sequence: nth,
    schemaVersion: 1,
    createdAt: 0,
  }))
}

/** Publishes as a relay does: what was not accepted goes out again before anything newer of its key. */
export async function publishUntilAccepted(publisher: BrokerPublisher, messages: readonly Message[]): Promise<void> {
  let open = messages
  await eventually(
    'all to be accepted',
    async () => {
      const outcomes = await publisher.publish(open, { signal: new AbortController().signal, timeoutMs: 2000 })
      open = open.filter((_, index) => outcomes[index]?.type !== 'accepted')
      return open.length === 0 || undefined
    },
    patienceMs,
  )
}

/** Publishes without end while the broker is disturbed, and expects all that was accepted to be there, in order. */
export async function publishDuring(
  { url, topic, client }: { readonly url: string; readonly topic: string; readonly client: KafkaClientName },
  disturb: () => Promise<void>,
): Promise<void> {
  const publisher = kafkaPublisher({ brokers: [new URL(url).host], client })
  const published: Message[] = []
  let over = false
  const publishing = (async () => {
    for (let nth = 0; !over; nth += 1) {
      const messages = round(topic, nth)
      await publishUntilAccepted(publisher, messages)
      published.push(...messages)
    }
  })()
  const more = async () => {
    const enough = published.length + roundsBetween * keys.length
    await eventually('more rounds', async () => published.length >= enough || undefined, patienceMs)
  }
  await more()
  await disturb()
  await more()
  over = true
  await publishing
  await publisher.close()
  await expectAllInOrder(url, topic, published)
}

async function expectAllInOrder(url: string, topic: string, published: readonly Message[]): Promise<void> {
  const broker = await TestBroker.at(url)
  const records = await broker.read(topic)
  await broker[Symbol.asyncDispose]()
  const ids = new Set(records.map(({ headers }) => headers['waybill-id']))
  expect(published.filter(({ id }) => !ids.has(id))).toEqual([])
  for (const key of keys) {
    const ofKey = records.filter((record) => record.key === key)
    const first = [...new Set(ofKey.map(({ headers }) => Number(headers['waybill-sequence'])))]
    expect(first).toEqual(first.toSorted((left, right) => left - right))
  }
}
