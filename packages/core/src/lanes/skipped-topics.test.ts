import { memoryDatabase, memoryLaneStore, memoryStorage } from '@waybill/memory'
import { expect, test } from 'vitest'
import type { ClaimedMessage, ClaimRequest } from '../contracts/index.ts'
import { Outbox } from '../outbox/outbox.ts'
import type { LaneRead } from './lane-store.ts'

const limit = 10

/** Twenty messages of a topic that is down stand before, and twenty among, ten of another. */
async function setup() {
  const database = memoryDatabase()
  const store = memoryLaneStore(database)
  const reads: LaneRead[] = []
  const read: typeof store.read = (request) => {
    if (request.onlyTopic === null) reads.push(request)
    return store.read(request)
  }
  const storage = memoryStorage({ database, laneStore: { ...store, read } })
  const session = await storage.join({ label: 'relay', leaseMs: 30_000 })
  const claim = async (request: Partial<ClaimRequest> = {}) => {
    const all = { limit, maxBytes: 1e6, skipTopics: [], probeTopics: [], ...request }
    return (await storage.claim(session, all)).messages
  }
  const release = (messages: readonly ClaimedMessage[]) =>
    storage.settle(
      session,
      messages.map(({ token }) => ({ type: 'release', token })),
    )
  await claim()
  const outbox = new Outbox({ storage })
  const enqueue = (topic: string, count: number) =>
    outbox.transaction(async (scope) => {
      for (let n = 0; n < count; n++) await scope.enqueue('told', n, { topic, orderingKey: `${topic}-${n % 5}` })
    })
  await enqueue('down', 20)
  for (let n = 0; n < 10; n++) {
    await enqueue('up', 1)
    await enqueue('down', 2)
  }
  return { claim, release, reads }
}

const topicsOf = (messages: readonly ClaimedMessage[]) => messages.map(({ message }) => message.topic)

test('a probe that fails does not make claims pass over everything again that its topic has waiting', async () => {
  const { claim, release, reads } = await setup()
  await release(await claim())
  const skipTopics = ['down']
  expect(topicsOf(await claim({ skipTopics, limit: 4 }))).toEqual(['up', 'up', 'up', 'up'])
  const probes = await claim({ skipTopics, probeTopics: ['down'], limit: 1 })
  expect(topicsOf(probes).toSorted()).toEqual(['down', 'up'])
  const floor = reads.at(-1)?.after ?? 0
  expect(floor).toBeGreaterThan(20)
  await release(probes.filter(({ message }) => message.topic === 'down'))
  expect(topicsOf(await claim({ skipTopics, limit: 4 }))).toEqual(['up', 'up', 'up', 'up'])
  expect(reads.at(-1)?.after).toBeGreaterThanOrEqual(floor)
})

test('what was given back while its topic was skipped comes first, in order, when it is open again', async () => {
  const { claim, release } = await setup()
  const before = await claim()
  expect(topicsOf(before)).toEqual(Array.from({ length: limit }, () => 'down'))
  await claim({ skipTopics: ['down'] })
  await release(before.toReversed())
  await claim({ skipTopics: ['down'] })
  const after = await claim()
  expect(after.map(({ message }) => message.id)).toEqual(before.map(({ message }) => message.id))
})
