import { inspect } from 'node:util'
import { onServer, startSecureRedis } from '@waybill/conformance/containers'
import { afterAll, expect, it } from 'vitest'
import { redisStreamsConsumer, redisStreamsPublisher } from '../src/index.ts'
import { message, publish, put, textOf, typesOf } from './publish.ts'
import { unique } from './server.ts'

const server = await startSecureRedis()

onServer(server, { it }, ({ url, tls, account, stop }) => {
  afterAll(stop)
  const { hostname: host, port } = new URL(url)
  const { username, password, prefix } = account
  const redis = { host, port: Number(port), username, password, tls }

  it('publishes and consumes over TLS as a user with the permissions that the README names', async () => {
    const topic = unique(prefix)
    const publisher = redisStreamsPublisher({ redis, topology: 'create' })
    expect(await publish(publisher, [message(topic)])).toEqual([{ type: 'accepted' }])
    const deadLetterStream = (of: string) => `${of}.dead`
    const source = redisStreamsConsumer({ redis, topology: 'create', abandonedAfterMs: 300, deadLetterStream })
    const handled: (string | undefined)[] = []
    await source.consume({ group: 'billing', topics: [topic], maxInFlight: 1 }, async (delivery) => {
      handled.push(delivery.message?.id)
      if (handled.length === 1) return { type: 'retry', delayMs: 200 }
      return handled.length === 2 ? { type: 'reject', reason: 'no' } : { type: 'ack' }
    })
    await put(publisher, [message(topic, { id: 'next' })])
    await expect.poll(() => handled.at(-1)).toBe('next')
    await source.close()
    await publisher.close()
  })

  it('takes what the user may not do for an outage of the topic', async () => {
    const publisher = redisStreamsPublisher({ redis, topology: 'create' })
    const [outcome] = await publish(publisher, [message(unique('forbidden'))])
    expect(outcome).toMatchObject({ type: 'unavailable', scope: 'topic' })
    await publisher.close()
  })

  it('does not talk to a server whose certificate it does not trust, and shows no password', async () => {
    for (const distrusting of [{}, { ...tls, servername: 'somebody.else' }]) {
      const publisher = redisStreamsPublisher({ redis: { ...redis, tls: distrusting } })
      const outcomes = await publish(publisher, [message(unique(prefix))])
      expect(typesOf(outcomes)).toEqual(['unavailable'])
      expect(textOf(outcomes[0])).toMatch(/certificate|altnames/i)
      expect(inspect([outcomes, publisher], { depth: null, showHidden: true })).not.toContain(password)
      await publisher.close()
    }
  })
})
