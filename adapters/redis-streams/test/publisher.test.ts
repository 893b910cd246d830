import { inspect } from 'node:util'
import { proxyBefore } from '@waybill/conformance'
import { onServer } from '@waybill/conformance/containers'
import { ConfigurationError } from '@waybill/core/contracts'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { redisStreamsPublisher } from '../src/index.ts'
import { message, publish, put, textOf, typesOf } from './publish.ts'
import { accessOf, findServer, plainClient, readStream, unique } from './server.ts'

const server = await findServer()

onServer(server, { it }, ({ url }) => {
  const redis = accessOf(url)

  it('sends nothing again after a lost reply, by itself', async () => {
    const [topic, proxy, client] = [unique('orders'), await proxyBefore(url), await plainClient(url)]
    const publisher = redisStreamsPublisher({ redis: { ...redis, ...proxy.address }, topology: 'create' })
    expect(typesOf(await publish(publisher, [message(topic)]))).toEqual(['accepted'])
    proxy.swallowReplies()
    const lost = message(topic, { id: 'lost' })
    const call = publish(publisher, [lost], 1000)
    await expect.poll(async () => (await readStream(client, topic)).map(({ id }) => id)).toContain('lost')
    expect(typesOf(await call)).toEqual(['unknown'])
    proxy.reset()
    expect(typesOf(await publish(publisher, [message(topic, { id: 'next' })]))).toEqual(['accepted'])
    const ids = (await readStream(client, topic)).map(({ id }) => id)
    expect(ids.slice(1)).toEqual(['lost', 'next'])
    await publisher.close()
    client.disconnect()
    await proxy.close()
  })

  it('answers for messages that a lost connection kept from being sent that they were not', async () => {
    const [topic, proxy] = [unique('orders'), await proxyBefore(url)]
    const publisher = redisStreamsPublisher({ redis: { ...redis, ...proxy.address }, topology: 'create' })
    await proxy.cut()
    const [outcome] = await publish(publisher, [message(topic)])
    expect(outcome).toMatchObject({ type: 'unavailable', scope: 'broker' })
    expect(textOf(outcome)).toMatch(/ECONNREFUSED/)
    await publisher.close()
  })

  it('names a missing stream, in each of its messages, and lets other topics go on', async () => {
    const [topic, missing] = [unique('orders'), unique('missing')]
    const client = await plainClient(url)
    await client.xgroup('CREATE', topic, 'readers', '0', 'MKSTREAM')
    const publisher = redisStreamsPublisher({ redis })
    const outcomes = await publish(publisher, [message(missing), message(topic), message(missing)])
    expect(typesOf(outcomes)).toEqual(['unavailable', 'accepted', 'unavailable'])
    expect(outcomes[0]).toMatchObject({ scope: 'topic' })
    expect(textOf(outcomes[0])).toContain(`'${missing}'`)
    expect(await client.exists(missing)).toBe(0)
    await publisher.close()
    client.disconnect()
  })

  it('takes a key that is no stream for an outage of its topic', async () => {
    const [topic, client] = [unique('orders'), await plainClient(url)]
    await client.set(topic, 'something else')
    const publisher = redisStreamsPublisher({ redis, topology: 'create' })
    expect((await publish(publisher, [message(topic)]))[0]).toMatchObject({ type: 'unavailable', scope: 'topic' })
    await publisher.close()
    client.disconnect()
  })

  it('keeps order also when a batch is more than one script takes', async () => {
    const [topic, client] = [unique('orders'), await plainClient(url)]
    const publisher = redisStreamsPublisher({ redis, topology: 'create', maxMessageBytes: 2 ** 22 })
    const payload = new Uint8Array(900_000)
    const batch = Array.from({ length: 12 }, (_, index) =>
      message(topic, { id: `m${index}`, orderingKey: 'k', payload }),
    )
    expect(new Set(typesOf(await publish(publisher, batch)))).toEqual(new Set(['accepted']))
    expect((await readStream(client, topic)).map(({ id }) => id)).toEqual(batch.map(({ id }) => id))
    await publisher.close()
    await client.del(topic)
    client.disconnect()
  })

  it('keeps a key in one of the streams of its topic', async () => {
    const [topic, client] = [unique('orders'), await plainClient(url)]
    const publisher = redisStreamsPublisher({ redis, topology: 'create', shards: 4 })
    const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`)
    const batch = keys.flatMap((orderingKey) => [message(topic, { orderingKey }), message(topic, { orderingKey })])
    await put(publisher, batch)
    const shards = await Promise.all([0, 1, 2, 3].map((shard) => readStream(client, `${topic}:${shard}`, topic)))
    const homes = shards.flatMap((shard, index) => shard.map(({ orderingKey }) => `${orderingKey} in ${index}`))
    expect(homes).toHaveLength(40)
    expect(new Set(homes).size).toBe(20)
    expect(shards.every((shard) => shard.length > 0)).toBe(true)
    await publisher.close()
    client.disconnect()
  })

  it('removes nothing unless it is told to', async () => {
    const [topic, client] = [unique('orders'), await plainClient(url)]
    await client.call('XADD', [topic, '1-0', 'old', 'entry'])
    const keeping = redisStreamsPublisher({ redis })
    const trimming = redisStreamsPublisher({ redis, trimOlderThanMs: 60_000 })
    await put(
      keeping,
      Array.from({ length: 200 }, () => message(topic)),
    )
    expect(await client.xlen(topic)).toBe(201)
    // Redis trims whole nodes of 100 entries: what is old has to fill one.
    const old = unique('old')
    for (let index = 1; index <= 200; index++) await client.call('XADD', [old, `${index}-0`, 'old', 'entry'])
    await put(trimming, [message(old)])
    expect(await client.xlen(old)).toBeLessThan(201)
    await keeping.close()
    await trimming.close()
    client.disconnect()
  })

  it('accepts nothing that fewer replicas have than asked for', async () => {
    const topic = unique('orders')
    const publisher = redisStreamsPublisher({ redis, topology: 'create', durability: { replicas: 1 } })
    const [outcome] = await publish(publisher, [message(topic)], 4000)
    expect(outcome?.type).toBe('unknown')
    expect(textOf(outcome)).toContain('WAIT was answered with 0 where 1')
    await publisher.close()
  })

  it('never shows a password', async () => {
    const wrong = redisStreamsPublisher({ redis: { ...redis, username: 'relay', password: 'hunter2' } })
    const [outcome] = await publish(wrong, [message('orders')])
    expect(outcome).toMatchObject({ type: 'unavailable', scope: 'broker' })
    expect(textOf(outcome)).toContain('WRONGPASS')
    expect(inspect(outcome, { depth: null, showHidden: true })).not.toContain('hunter2')
    await wrong.close()
    const unreachable = redisStreamsPublisher({ redis: { host: '127.0.0.1', port: 1, password: 'hunter2' } })
    const [refused] = await publish(unreachable, [message('orders')])
    expect(inspect(refused, { depth: null, showHidden: true })).not.toContain('hunter2')
    expect(inspect(unreachable, { depth: null })).not.toContain('hunter2')
    await unreachable.close()
  })

  it("takes a user's own client, made with the options that it needs", async () => {
    const topic = unique('orders')
    const publisher = redisStreamsPublisher({
      redis: (required) => new Redis({ ...redis, ...required, db: 1 }),
      topology: 'create',
    })
    expect(typesOf(await publish(publisher, [message(topic)]))).toEqual(['accepted'])
    await publisher.close()
    const make = () => redisStreamsPublisher({ redis: () => new Redis({ ...redis, lazyConnect: true, protocol: 2 }) })
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow(/autoResendUnfulfilledCommands.*enableOfflineQueue.*maxRetriesPerRequest/s)
  })

  it('says all that is wrong with its options', () => {
    const options = { redis, shards: 0, maxMessageBytes: -1, durability: { replicas: 0 } }
    expect(() => redisStreamsPublisher(options)).toThrow(/shards.*maxMessageBytes.*durability/s)
  })
})
