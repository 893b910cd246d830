import { type OwnServer, onServer, startRedis } from '@waybill/conformance/containers'
import type { Delivery, Disposition } from '@waybill/core/contracts'
import { afterAll, expect, it } from 'vitest'
import { redisStreamsConsumer, redisStreamsPublisher } from '../src/index.ts'
import { message, publish, put, textOf, typesOf } from './publish.ts'
import { accessOf, plainClient, readStream, unique } from './server.ts'

const server = await startRedis()
const slow = { timeout: 60_000 }
const ack: Disposition = { type: 'ack' }

/** Is given the outcomes other than accepted, as they come. */
type Disrupt = (others: readonly string[]) => Promise<void>

/** Publishes one message after the other while the server is disrupted; answers what was accepted. */
async function publishThroughout(redis: OwnServer, topic: string, disrupt: Disrupt) {
  const publisher = redisStreamsPublisher({ redis: accessOf(redis.url), topology: 'create' })
  const accepted: string[] = []
  const others: string[] = []
  let isOver = false
  const disruption = disrupt(others).finally(() => {
    isOver = true
  })
  for (let number = 0; !isOver || accepted.at(-1) !== `m${number - 1}`; number++) {
    const [outcome] = await publish(publisher, [message(topic, { id: `m${number}`, orderingKey: 'k' })], 500)
    if (outcome?.type === 'accepted') accepted.push(`m${number}`)
    else others.push(outcome?.type ?? 'nothing')
  }
  await disruption
  await publisher.close()
  return { accepted, others }
}

onServer(server, { it }, (redis) => {
  afterAll(() => redis.stop())
  const access = accessOf(redis.url)

  it.for<[string, Disrupt]>([
    ['killed', () => redis.kill().then(() => redis.restart())],
    ['restarted', () => redis.restart()],
    [
      'paused',
      async (others) => {
        await redis.pause()
        await expect.poll(() => others.length, { timeout: 10_000 }).toBeGreaterThan(1)
        await redis.unpause()
      },
    ],
  ])('everything that was accepted is there after the server was %s', slow, async ([, disrupt]) => {
    const topic = unique('orders')
    const { accepted, others } = await publishThroughout(redis, topic, disrupt)
    const client = await plainClient(redis.url)
    const ids = (await readStream(client, topic)).map(({ id }) => id)
    expect(accepted.filter((id) => !ids.includes(id))).toEqual([])
    expect(others.filter((type) => type !== 'unknown' && type !== 'unavailable')).toEqual([])
    const numbers = [...new Set(ids)].map((id) => Number(id.slice(1)))
    expect(numbers).toEqual(numbers.toSorted((left, right) => left - right))
    client.disconnect()
  })

  it('takes a server without memory for an outage, and appends nothing', slow, async () => {
    const [topic, client] = [unique('orders'), await plainClient(redis.url)]
    const publisher = redisStreamsPublisher({ redis: access, topology: 'create' })
    await client.config('SET', 'maxmemory', '1')
    const batch = [message(topic, { orderingKey: 'k' }), message(topic, { orderingKey: 'k' }), message(topic)]
    const outcomes = await publish(publisher, batch)
    expect(outcomes).toMatchObject(batch.map(() => ({ type: 'unavailable', scope: 'broker' })))
    expect(textOf(outcomes[0])).toContain('OOM')
    await client.config('SET', 'maxmemory', '0')
    expect(await client.exists(topic)).toBe(0)
    expect(typesOf(await publish(publisher, batch))).toEqual(['accepted', 'accepted', 'accepted'])
    await publisher.close()
    client.disconnect()
  })

  it('refuses a server that may evict streams, or that does not write to disk', slow, async () => {
    const [topic, client] = [unique('orders'), await plainClient(redis.url)]
    const outcome = async (durability: 'aof' | 'memory') => {
      const publisher = redisStreamsPublisher({ redis: access, topology: 'create', durability })
      const [first] = await publish(publisher, [message(topic)])
      await publisher.close()
      return first
    }
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru')
    expect(textOf(await outcome('aof'))).toContain('allkeys-lru may evict whole streams')
    expect((await outcome('memory'))?.type).toBe('accepted')
    await client.config('SET', 'maxmemory-policy', 'noeviction')
    await client.config('SET', 'appendonly', 'no')
    expect(await outcome('aof')).toMatchObject({ type: 'unavailable', scope: 'broker' })
    expect(textOf(await outcome('aof'))).toContain('appendonly yes')
    await client.config('SET', 'appendonly', 'yes')
    expect((await outcome('aof'))?.type).toBe('accepted')
    client.disconnect()
  })

  it('goes on consuming after the server was killed', slow, async () => {
    const topic = unique('orders')
    const publisher = redisStreamsPublisher({ redis: access, topology: 'create' })
    const errors: Error[] = []
    const source = redisStreamsConsumer({
      redis: access,
      topology: 'create',
      abandonedAfterMs: 5000,
      onError: (error) => errors.push(error),
    })
    const handled: string[] = []
    const handle = async ({ message: received }: Delivery) => {
      handled.push(received?.id ?? '?')
      return ack
    }
    await source.consume({ group: 'billing', topics: [topic], maxInFlight: 10 }, handle)
    await put(publisher, [message(topic, { id: 'before' })])
    await expect.poll(() => handled).toContain('before')
    await redis.kill()
    await redis.restart()
    await expect
      .poll(async () => typesOf(await publish(publisher, [message(topic, { id: 'after' })])))
      .toEqual(['accepted'])
    await expect.poll(() => handled, { timeout: 20_000 }).toContain('after')
    expect(errors.length).toBeGreaterThan(0)
    await source.close()
    await publisher.close()
  })

  it('ends a subscription whose group has gone, and says so', slow, async () => {
    const [topic, client] = [unique('orders'), await plainClient(redis.url)]
    await client.xgroup('CREATE', topic, 'billing', '0', 'MKSTREAM')
    const source = redisStreamsConsumer({ redis: access })
    const subscription = { group: 'billing', topics: [topic], maxInFlight: 10 }
    const active = await source.consume(subscription, async () => ack)
    await client.del(topic)
    await expect(active.closed).rejects.toThrow(`'${topic}'`)
    await expect(source.consume(subscription, async () => ack)).rejects.toMatchObject({
      retryable: true,
      message: expect.stringContaining(`XGROUP CREATE ${topic} billing 0 MKSTREAM`),
    })
    await source.close()
    client.disconnect()
  })
})
