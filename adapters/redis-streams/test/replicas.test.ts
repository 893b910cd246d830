import { onServer, startRedis } from '@waybill/conformance/containers'
import { afterAll, expect, it } from 'vitest'
import { redisStreamsPublisher } from '../src/index.ts'
import { message, publish, textOf, typesOf } from './publish.ts'
import { accessOf, plainClient, readStream, unique } from './server.ts'

const primary = await startRedis()

onServer(primary, { it }, (first) => {
  afterAll(() => first.stop())
  const redis = accessOf(first.url)

  it('accepts what its replicas have, and keeps it over a failover', { timeout: 120_000 }, async () => {
    const replicaOf = ['--replicaof', redis.host, String(redis.port), '--masterauth', redis.password]
    const second = await startRedis({ arguments: replicaOf })
    if (!second.available) throw new Error(second.reason)
    await using _ = { [Symbol.asyncDispose]: () => second.stop() }
    const topic = unique('orders')
    const durability = { replicas: 1, aof: true }
    const publisher = redisStreamsPublisher({ redis, topology: 'create', durability })
    const accepted: string[] = []
    const publishNext = async (id: string) => {
      const [outcome] = await publish(publisher, [message(topic, { id })], 4000)
      if (outcome?.type === 'accepted') accepted.push(id)
      return outcome
    }
    // A replica that has just begun has to read everything first.
    await expect.poll(async () => (await publishNext('first'))?.type, { timeout: 30_000 }).toBe('accepted')
    for (let number = 0; number < 50; number++) await publishNext(`m${number}`)
    await second.pause()
    const short = await publishNext('short')
    expect(short?.type).toBe('unknown')
    expect(textOf(short)).toContain('WAITAOF was answered with 1 and 0 where 1 and 1')
    await second.unpause()
    await first.kill()
    const client = await plainClient(second.url)
    await client.call('REPLICAOF', ['NO', 'ONE'])
    const ids = (await readStream(client, topic)).map(({ id }) => id)
    expect(accepted.filter((id) => !ids.includes(id))).toEqual([])
    const next = redisStreamsPublisher({ redis: accessOf(second.url) })
    expect(typesOf(await publish(next, [message(topic)]))).toEqual(['accepted'])
    await next.close()
    await publisher.close()
    client.disconnect()
  })

  it('takes a replica for an outage', { timeout: 60_000 }, async () => {
    await first.restart()
    const client = await plainClient(first.url)
    await client.call('REPLICAOF', ['127.0.0.1', '1'])
    const publisher = redisStreamsPublisher({ redis, topology: 'create', durability: 'memory' })
    const [outcome] = await publish(publisher, [message(unique('orders'))])
    expect(outcome).toMatchObject({ type: 'unavailable', scope: 'broker' })
    expect(textOf(outcome)).toContain('READONLY')
    await publisher.close()
    client.disconnect()
  })
})
