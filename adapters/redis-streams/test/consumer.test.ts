import { onServer } from '@waybill/conformance/containers'
import type { Delivery, Disposition } from '@waybill/core/contracts'
import { expect, it } from 'vitest'
import { redisStreamsConsumer, redisStreamsPublisher } from '../src/index.ts'
import { message, put } from './publish.ts'
import { accessOf, findServer, plainClient, unique } from './server.ts'

const server = await findServer()

const ack: Disposition = { type: 'ack' }

onServer(server, { it }, ({ url }) => {
  const redis = accessOf(url)

  const publishAll = async (topic: string, ids: readonly string[], orderingKey?: string) => {
    const publisher = redisStreamsPublisher({ redis, topology: 'create' })
    const key = orderingKey === undefined ? {} : { orderingKey }
    await put(
      publisher,
      ids.map((id) => message(topic, { id, ...key })),
    )
    await publisher.close()
  }

  it('holds back a key while one of its messages waits for its retry, and no other', async () => {
    const topic = unique('orders')
    await publishAll(topic, ['k1', 'k2'], 'k')
    await publishAll(topic, ['other'])
    const handled: string[] = []
    const source = redisStreamsConsumer({ redis, topology: 'create' })
    const handle = async (delivery: Delivery): Promise<Disposition> => {
      const id = delivery.message?.id ?? '?'
      handled.push(id)
      return id === 'k1' && delivery.deliveryCount === 1 ? { type: 'retry', delayMs: 200 } : ack
    }
    // One at a time, so that the second of the key is not in hand before the first has failed.
    await source.consume({ group: 'billing', topics: [topic], maxInFlight: 3 }, async (delivery) => {
      if (delivery.message?.id === 'k2' && !handled.includes('k1')) handled.push('too early')
      return await handle(delivery)
    })
    await expect.poll(() => handled.filter((id) => id === 'k1').length).toBe(2)
    await source.close()
    expect(handled).toContain('other')
    expect(handled).not.toContain('too early')
  })

  it('puts rejected messages into a stream, with where they came from and why', async () => {
    const [topic, client] = [unique('orders'), await plainClient(url)]
    await publishAll(topic, ['bad'])
    const deadLetterStream = (of: string) => `${of}.dead`
    const source = redisStreamsConsumer({ redis, topology: 'create', deadLetterStream })
    const subscription = { group: 'billing', topics: [topic], maxInFlight: 1 }
    await source.consume(subscription, async () => ({ type: 'reject', reason: 'not understood' }))
    await expect.poll(() => client.xlen(`${topic}.dead`)).toBe(1)
    const [[, fields = []] = []] = await client.xrange(`${topic}.dead`, '-', '+')
    const dead = Object.fromEntries(fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1]]] : [])))
    expect(dead).toMatchObject({
      'waybill-id': 'bad',
      'waybill-payload': '{"total":1}',
      'waybill-dead-stream': topic,
      'waybill-dead-group': 'billing',
      'waybill-dead-reason': 'not understood',
    })
    expect((await client.xpending(topic, 'billing'))[0]).toBe(0)
    await source.close()
    client.disconnect()
  })

  it('hands over an entry that was removed before it was acknowledged, for somebody to see', async () => {
    const [topic, client] = [unique('orders'), await plainClient(url)]
    await publishAll(topic, ['removed'])
    await client.xgroup('CREATE', topic, 'billing', '0')
    await client.call('XREADGROUP', ['GROUP', 'billing', 'me', 'STREAMS', topic, '>'])
    const [[id = ''] = []] = await client.xrange(topic, '-', '+')
    await client.xdel(topic, id)
    const source = redisStreamsConsumer({ redis, consumerName: 'me' })
    const deliveries: Delivery[] = []
    await source.consume({ group: 'billing', topics: [topic], maxInFlight: 1 }, async (delivery) => {
      deliveries.push(delivery)
      return { type: 'reject', reason: 'nothing there' }
    })
    await expect.poll(() => deliveries.length).toBe(1)
    expect(deliveries[0]?.message).toBeUndefined()
    expect(deliveries[0]?.source).toEqual({ topic, partition: topic, position: id })
    await expect.poll(async () => (await client.xpending(topic, 'billing'))[0]).toBe(0)
    await source.close()
    client.disconnect()
  })

  it('finds what it had in hand, under the same name, before anything newer', async () => {
    const topic = unique('orders')
    const open = () => redisStreamsConsumer({ redis, topology: 'create', consumerName: 'billing-0' })
    const killed = open()
    await publishAll(topic, ['k1', 'k2'], 'k')
    let taken = 0
    const subscription = { group: 'billing', topics: [topic], maxInFlight: 2 }
    await killed.consume(subscription, () => {
      taken += 1
      return Promise.withResolvers<Disposition>().promise
    })
    await expect.poll(() => taken).toBe(2)
    killed.crash()
    await publishAll(topic, ['k3'], 'k')
    const handled: [string | undefined, boolean, number | undefined][] = []
    const next = open()
    await next.consume(subscription, async (delivery) => {
      handled.push([delivery.message?.id, delivery.redelivered, delivery.deliveryCount])
      return ack
    })
    await expect.poll(() => handled.length).toBe(3)
    expect(handled).toEqual([
      ['k1', true, 2],
      ['k2', true, 2],
      ['k3', false, 1],
    ])
    await next.close()
  })

  it('gives back what it has not handled when it is closed, at once', async () => {
    const topic = unique('orders')
    await publishAll(topic, ['m'])
    const first = redisStreamsConsumer({ redis, topology: 'create' })
    const subscription = { group: 'billing', topics: [topic], maxInFlight: 1 }
    let tries = 0
    await first.consume(subscription, async () => {
      tries += 1
      return { type: 'retry', delayMs: 60_000 }
    })
    await expect.poll(() => tries).toBe(1)
    await first.close()
    const handled: string[] = []
    const second = redisStreamsConsumer({ redis, topology: 'create' })
    await second.consume(subscription, async (delivery) => {
      handled.push(delivery.message?.id ?? '?')
      return ack
    })
    await expect.poll(() => handled).toEqual(['m'])
    await second.close()
  })

  it('keeps what it works on for as long as it says that it is alive', async () => {
    const topic = unique('orders')
    await publishAll(topic, ['slow'])
    const open = () => redisStreamsConsumer({ redis, topology: 'create', abandonedAfterMs: 600 })
    const [first, second] = [open(), open()]
    const subscription = { group: 'billing', topics: [topic], maxInFlight: 1 }
    const gate = Promise.withResolvers<Disposition>()
    const deliveries: Delivery[] = []
    const handle = (delivery: Delivery) => {
      deliveries.push(delivery)
      return gate.promise
    }
    await first.consume(subscription, handle)
    await expect.poll(() => deliveries.length).toBe(1)
    await second.consume(subscription, handle)
    const startedAt = performance.now()
    await expect.poll(() => performance.now() - startedAt > 1500, { timeout: 3000 }).toBe(true)
    expect(deliveries).toHaveLength(1)
    expect(deliveries[0]?.signal.aborted).toBe(false)
    gate.resolve(ack)
    await first.close()
    await second.close()
  })

  it('is told when another has taken a delivery over', async () => {
    const [topic, client] = [unique('orders'), await plainClient(url)]
    await publishAll(topic, ['m'])
    const source = redisStreamsConsumer({ redis, topology: 'create', abandonedAfterMs: 300 })
    const taken: Delivery[] = []
    await source.consume({ group: 'billing', topics: [topic], maxInFlight: 1 }, async (delivery) => {
      taken.push(delivery)
      await new Promise((resolve) => delivery.signal.addEventListener('abort', resolve))
      return { type: 'retry', delayMs: 0 }
    })
    await expect.poll(() => taken.length).toBe(1)
    await client.call('XCLAIM', [topic, 'billing', 'another', 0, taken[0]?.source.position ?? ''])
    await expect.poll(() => taken[0]?.signal.aborted).toBe(true)
    await source.close()
    client.disconnect()
  })
})
