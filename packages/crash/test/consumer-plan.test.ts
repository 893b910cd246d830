import { expect, it } from 'vitest'
import { loadConsumer } from '../src/broker/clients.ts'

const topics = ['orders', 'payments', 'mail']

async function plan(broker: 'kafka' | 'rabbitmq' | 'redis-streams', consumers: number) {
  return (await loadConsumer(broker))?.plan(consumers, topics)
}

it.each(['kafka', 'rabbitmq'] as const)('gives every process every topic of %s, in order', async (broker) => {
  const share = { group: 'effects', topics, member: null }
  expect(await plan(broker, 2)).toEqual({ shares: [[share], [share]], ordered: topics })
})

it('gives each topic of Redis to one process, under a name that stays, and the last one to all without an order', async () => {
  const group = 'effects'
  const mail = { group, topics: ['mail'], member: null }
  expect(await plan('redis-streams', 2)).toEqual({
    shares: [
      [{ group, topics: ['orders'], member: 'process-1' }, mail],
      [{ group, topics: ['payments'], member: 'process-2' }, mail],
    ],
    ordered: ['orders', 'payments'],
  })
})

it('gives one process all streams of Redis, and none to nobody', async () => {
  const alone = await plan('redis-streams', 1)
  expect(alone).toEqual({ shares: [[{ group: 'effects', topics, member: 'process-1' }]], ordered: topics })
  expect((await plan('redis-streams', 4))?.shares.map((shares) => shares.length)).toEqual([2, 2, 1, 1])
})

it('has nobody consume from the log', async () => {
  expect(await loadConsumer('log')).toBeNull()
})
