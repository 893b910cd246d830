import type { BrokerPublisher, Message, PublishOutcome } from '@waybill/core/contracts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { kafkaPublisher } from '../src/index.ts'
import { partitionOf } from '../src/murmur2.ts'
import { eventually } from './eventually.ts'
import { ScriptedCluster } from './scripted-cluster.ts'
import { clients } from './setup.ts'

const notLeader = 6
const unknownTopic = 3
const tooLarge = 10
const notEnoughReplicas = 19
const notEnoughReplicasAfterAppend = 20
const closing: AsyncDisposable[] = []

afterEach(async () => {
  for (const each of closing.splice(0)) await each[Symbol.asyncDispose]()
})

/** A key that the default partitioner puts into a partition. */
function keyFor(partition: number, partitions: number): string {
  for (let n = 0; ; n += 1) if (partitionOf(Buffer.from(`key-${n}`), partitions) === partition) return `key-${n}`
}

function message(value: string, partition: number, partitions = 2): Message {
  return {
    id: value,
    topic: 't',
    type: 'test',
    payload: Buffer.from(value),
    contentType: 'text/plain',
    headers: {},
    orderingKey: keyFor(partition, partitions),
    schemaVersion: 1,
    createdAt: 0,
  }
}

const typesOf = (outcomes: readonly PublishOutcome[]) => outcomes.map(({ type }) => type)

/** What kafkajs loses, repeats or reorders by its own habits, and no client behind the seam may. */
describe.for(clients)('losses by a client’s own habits: %s', { timeout: 60_000 }, (client) => {
  let cluster: ScriptedCluster
  let publisher: BrokerPublisher
  const publish = (messages: readonly Message[], timeoutMs = 10_000) =>
    publisher.publish(messages, { signal: new AbortController().signal, timeoutMs })

  beforeEach(async () => {
    cluster = await ScriptedCluster.start([1, 2], [1, 2])
    publisher = kafkaPublisher({ brokers: cluster.addresses, client })
    closing.push({ [Symbol.asyncDispose]: () => publisher.close() }, cluster)
  })

  it('publishes to several brokers', async () => {
    expect(typesOf(await publish([message('A', 0), message('B', 1)]))).toEqual(['accepted', 'accepted'])
    expect([cluster.valuesOf(0), cluster.valuesOf(1)]).toEqual([['A'], ['B']])
  })

  it('waits for all replicas in sync', async () => {
    await publish([message('A', 0), message('B', 1)])
    expect(cluster.requests.map(({ acks }) => acks)).toEqual([-1, -1])
  })

  it('does not take for accepted what moved to a broker that had already answered', async () => {
    cluster.onProduce = (nodeId) => {
      if (nodeId !== 1) return {}
      cluster.leaders = [2, 2]
      return { errors: { 0: notLeader } }
    }
    const outcomes = await publish([message('A', 0), message('B', 1)])
    expect(outcomes[0]?.type).toBe('unknown')
    expect(cluster.valuesOf(0)).toEqual([])
    // What the relay does with it: again, and now it arrives.
    expect(typesOf(await publish([message('A', 0)]))).toEqual(['accepted'])
    expect(cluster.valuesOf(0)).toEqual(['A'])
  })

  it('sends nothing twice of itself when one broker fails while another has not answered', async () => {
    const gate = Promise.withResolvers<void>()
    cluster.onProduce = (nodeId) => (nodeId === 1 ? { errors: { 0: notLeader } } : { before: () => gate.promise })
    const call = publish([message('A', 0), message('B', 1)])
    gate.resolve()
    await call
    await publisher.close()
    expect(cluster.requests.filter(({ nodeId }) => nodeId === 2)).toHaveLength(1)
    expect(cluster.valuesOf(1)).toEqual(['B'])
  })

  it('does not let a later batch be taken for one whose answer was lost', async () => {
    cluster.onProduce = (_node, _batches, nth) => (nth === 1 ? { reply: 'cut' } : {})
    expect(typesOf(await publish([message('M1', 0)]))).toEqual(['unknown'])
    expect(typesOf(await publish([message('M2', 0)]))).toEqual(['accepted'])
    expect(cluster.valuesOf(0)).toEqual(['M1', 'M2'])
  })

  it('keeps messages without a key in their partitions when they are published again', async () => {
    const unkeyed = ['a', 'b', 'c', 'd'].map((id): Message => {
      const { orderingKey, ...rest } = message(id, 0)
      return { ...rest, id: `${id}-${orderingKey}` }
    })
    cluster.onProduce = (_node, _batches, nth) => (nth === 1 ? { reply: 'cut' } : {})
    await publish(unkeyed)
    const places = [...cluster.valuesOf(0)]
    cluster.onProduce = () => ({})
    expect(typesOf(await publish(unkeyed))).toEqual(unkeyed.map(() => 'accepted'))
    for (const value of places) expect(cluster.valuesOf(1)).not.toContain(value)
  })

  it('answers for each partition once it is known which one fails', async () => {
    cluster.leaders = [1, 1]
    cluster.onProduce = () => ({ errors: { 0: tooLarge } })
    const first = await publish([message('A', 0), message('B', 1)])
    expect(first.map(({ type }) => type)).not.toContain('not-sent')
    expect(first[0]?.type).not.toBe('accepted')
    const again = await publish([message('A', 0), message('B', 1)])
    expect(again).toMatchObject([
      { type: 'rejected', retryable: false, error: { code: 'PAYLOAD_TOO_LARGE' } },
      { type: 'accepted' },
    ])
  })

  it('does not take for accepted what the answer does not speak of', async () => {
    cluster.leaders = [1, 1]
    cluster.onProduce = () => ({ reply: { omit: [0] } })
    expect(typesOf(await publish([message('A', 0), message('B', 1)]))).toEqual(['unknown', 'accepted'])
  })

  it('answers unknown when a broker does not answer, and does not send it again of itself', async () => {
    cluster.onProduce = (_node, _batches, nth) => (nth === 1 ? { reply: 'hang' } : {})
    expect(typesOf(await publish([message('A', 0)], 300))).toEqual(['unknown'])
    expect(cluster.requests).toHaveLength(1)
    expect(typesOf(await publish([message('A', 0)]))).toEqual(['accepted'])
    expect(cluster.valuesOf(0)).toEqual(['A', 'A'])
  })

  it('finds a new leader after one failure', async () => {
    cluster.onProduce = (nodeId) => (nodeId === 1 ? { errors: { 0: notLeader } } : {})
    await publish([message('A', 0)])
    cluster.leaders = [2, 2]
    expect(typesOf(await publish([message('A', 0)]))).toEqual(['accepted'])
  })

  it('tells a partition with too few replicas from one that may have written', async () => {
    cluster.onProduce = () => ({ errors: { 0: notEnoughReplicas } })
    expect(await publish([message('A', 0)])).toMatchObject([{ type: 'unavailable', scope: 'topic' }])
    cluster.onProduce = () => ({ errors: { 0: notEnoughReplicasAfterAppend } })
    expect(typesOf(await publish([message('A', 0)]))).toEqual(['unknown'])
  })

  it('reaches the other brokers while one is gone', async () => {
    expect(typesOf(await publish([message('A', 0), message('B', 1)]))).toEqual(['accepted', 'accepted'])
    await cluster.stopNode(2)
    await eventually('the leader that is there to take its message, and the other to be missed', async () => {
      const [first, second] = await publish([message('C', 0), message('D', 1)])
      return (first?.type === 'accepted' && second?.type === 'unavailable' && second.scope === 'topic') || undefined
    })
  })

  it('finds the brokers when the first in its list is down', async () => {
    await publisher.close()
    publisher = kafkaPublisher({ brokers: ['127.0.0.1:1', ...cluster.addresses], client })
    expect(typesOf(await publish([message('A', 0)]))).toEqual(['accepted'])
  })

  it('keeps back nothing else when a topic has gone', async () => {
    cluster.leaders = [1, 1]
    cluster.onProduce = () => ({ errors: { 0: unknownTopic } })
    await publish([message('A', 0)])
    const [outcome] = await publish([message('A', 0)])
    expect(outcome).toMatchObject({ type: 'unavailable', scope: 'topic' })
    expect(outcome?.type === 'unavailable' && outcome.error.message).toContain("'t'")
  })
})
