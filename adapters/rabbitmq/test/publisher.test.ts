import { inspect } from 'node:util'
import { proxyBefore } from '@waybill/conformance'
import { onServer } from '@waybill/conformance/containers'
import { expect, it } from 'vitest'
import { rabbitmqPublisher } from '../src/index.ts'
import { message, publish, textOf, typesOf } from './publish.ts'
import { findServer, plainChannel, unique, watchTopic } from './server.ts'

const server = await findServer()

onServer(server, { it }, ({ url }) => {
  const rabbitmq = { url }

  const setup = async () => {
    const { model, channel } = await plainChannel(url)
    const topic = unique('orders')
    const arrived = await watchTopic(channel, topic)
    return {
      channel,
      topic,
      arrived,
      async close() {
        await channel.deleteExchange(topic)
        await model.close()
      },
    }
  }

  it('sends nothing again after a lost confirm, by itself', async () => {
    const { topic, arrived, close } = await setup()
    const proxy = await proxyBefore(url)
    const publisher = rabbitmqPublisher({ rabbitmq: { url: proxy.url } })
    expect(typesOf(await publish(publisher, [message(topic)]))).toEqual(['accepted'])
    proxy.swallowReplies()
    const call = publish(publisher, [message(topic, { id: 'lost' })], 1000)
    await expect.poll(() => arrived.map(({ id }) => id)).toContain('lost')
    expect(typesOf(await call)).toEqual(['unknown'])
    proxy.reset()
    expect(typesOf(await publish(publisher, [message(topic, { id: 'next' })]))).toEqual(['accepted'])
    await expect.poll(() => arrived.slice(1).map(({ id }) => id)).toEqual(['lost', 'next'])
    await publisher.close()
    await proxy.close()
    await close()
  })

  it('answers for an unroutable message that it was not taken, and for the others that they were', async () => {
    const { topic, channel, close } = await setup()
    const unbound = unique('unbound')
    await channel.assertExchange(unbound, 'topic')
    const publisher = rabbitmqPublisher({ rabbitmq })
    const long = 'i'.repeat(255).concat('é')
    const outcomes = await publish(publisher, [message(topic), message(unbound, { id: long }), message(topic)])
    expect(typesOf(outcomes)).toEqual(['accepted', 'rejected', 'accepted'])
    expect(outcomes[1]).toMatchObject({ retryable: true })
    expect(textOf(outcomes[1])).toContain(`'${unbound}' for the routing key 'order.placed'`)
    await publisher.close()
    await channel.deleteExchange(unbound)
    await close()
  })

  it('names a missing exchange, and lets other topics go on', async () => {
    const { topic, arrived, close } = await setup()
    const missing = unique('missing')
    const publisher = rabbitmqPublisher({ rabbitmq })
    const outcomes = await publish(publisher, [message(topic), message(missing), message(topic)])
    expect(typesOf(outcomes)).toEqual(['accepted', 'unavailable', 'accepted'])
    expect(outcomes[1]).toMatchObject({ scope: 'topic' })
    expect(textOf(outcomes[1])).toContain(`no exchange '${missing}'`)
    await expect.poll(() => arrived.length).toBe(2)
    await publisher.close()
    await close()
  })

  it('loses and blames nobody else when an exchange goes away in the middle', async () => {
    const { topic, channel, arrived, close } = await setup()
    const doomed = unique('doomed')
    await channel.assertExchange(doomed, 'fanout')
    const { queue } = await channel.assertQueue('', { exclusive: true })
    await channel.bindQueue(queue, doomed, '')
    const publisher = rabbitmqPublisher({ rabbitmq })
    expect(typesOf(await publish(publisher, [message(doomed), message(topic)]))).toEqual(['accepted', 'accepted'])
    await channel.deleteExchange(doomed)
    const batch = [...Array(4).keys()].flatMap(() => [message(topic)])
    const outcomes = await publish(publisher, [...batch.slice(0, 2), message(doomed), ...batch.slice(2)])
    expect(outcomes[2]).toMatchObject({ type: 'unavailable', scope: 'topic' })
    expect(textOf(outcomes[2])).toContain(`'${doomed}'`)
    expect(['unknown', 'accepted']).toContain(outcomes[0]?.type)
    expect(typesOf(outcomes.slice(3))).toEqual(['not-sent', 'not-sent'])
    const again = await publish(publisher, [message(doomed), message(topic, { id: 'again' })])
    expect(typesOf(again)).toEqual(['unavailable', 'accepted'])
    await expect.poll(() => arrived.at(-1)?.id).toBe('again')
    // What was not sent has not arrived.
    const ids = arrived.map(({ id }) => id)
    expect(batch.slice(2).filter(({ id }) => ids.includes(id))).toEqual([])
    await publisher.close()
    await close()
  })

  it('takes a full queue for an outage of its topic', async () => {
    const { topic, channel, close } = await setup()
    const queue = unique('full')
    const full = { 'x-max-length': 1, 'x-overflow': 'reject-publish' }
    await channel.assertQueue(queue, { durable: false, exclusive: true, arguments: full })
    const route = () => ({ exchange: '', routingKey: queue })
    const publisher = rabbitmqPublisher({ rabbitmq, route })
    const outcomes = await publish(publisher, [message(topic), message(topic), message(topic), message(topic)])
    expect(outcomes[0]?.type).toBe('accepted')
    expect(outcomes.at(-1)).toMatchObject({ type: 'unavailable', scope: 'topic' })
    await publisher.close()
    await close()
  })

  it('is told no also when another queue of the exchange has the message', async () => {
    const { topic, channel, arrived, close } = await setup()
    const queue = unique('full')
    const full = { 'x-max-length': 1, 'x-overflow': 'reject-publish' }
    await channel.assertQueue(queue, { durable: false, exclusive: true, arguments: full })
    await channel.bindQueue(queue, topic, '#')
    const publisher = rabbitmqPublisher({ rabbitmq })
    const batch = [message(topic), message(topic), message(topic), message(topic)]
    const outcomes = await publish(publisher, batch)
    expect(outcomes.at(-1)).toMatchObject({ type: 'unavailable', scope: 'topic' })
    await expect.poll(() => arrived.map(({ id }) => id)).toEqual(batch.map(({ id }) => id))
    await publisher.close()
    await close()
  })

  it('refuses for good what AMQP cannot carry', async () => {
    const { topic, close } = await setup()
    const publisher = rabbitmqPublisher({ rabbitmq })
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`h${index}`, 'v'.repeat(400)]))
    const routed = rabbitmqPublisher({ rabbitmq, route: () => ({ exchange: topic, routingKey: 'k'.repeat(300) }) })
    for (const [each, fields] of [
      [publisher, { headers: many }],
      [routed, {}],
    ] as const) {
      const outcomes = await publish(each, [message(topic, fields)])
      expect(outcomes).toMatchObject([{ type: 'rejected', retryable: false }])
    }
    expect(typesOf(await publish(publisher, [message(topic)]))).toEqual(['accepted'])
    await publisher.close()
    await routed.close()
    await close()
  })

  it('has no more on its way than it may', async () => {
    const { topic, arrived, close } = await setup()
    const publisher = rabbitmqPublisher({ rabbitmq, maxUnconfirmedBytes: 100_000 })
    const payload = new Uint8Array(40_000)
    const batch = Array.from({ length: 50 }, () => message(topic, { payload }))
    expect(new Set(typesOf(await publish(publisher, batch)))).toEqual(new Set(['accepted']))
    await expect.poll(() => arrived.length).toBe(50)
    await publisher.close()
    await close()
  })

  it('never shows a password', async () => {
    const wrong = new URL(url)
    wrong.password = 'hunter2'
    const refused = rabbitmqPublisher({ rabbitmq: { url: wrong.href } })
    const [outcome] = await publish(refused, [message('orders')])
    expect(outcome).toMatchObject({ type: 'unavailable', scope: 'broker' })
    expect(textOf(outcome)).toContain('ACCESS_REFUSED')
    expect(inspect([outcome, refused], { depth: null, showHidden: true })).not.toContain('hunter2')
    await refused.close()
    const unreachable = rabbitmqPublisher({ rabbitmq: { url: 'amqp://relay:hunter2@127.0.0.1:1' } })
    const [none] = await publish(unreachable, [message('orders')])
    expect(textOf(none)).toContain('ECONNREFUSED')
    expect(inspect([none, unreachable], { depth: null, showHidden: true })).not.toContain('hunter2')
    await unreachable.close()
    const nonsense = () => rabbitmqPublisher({ rabbitmq: { url: 'http://relay:hunter2@rabbit' } })
    expect(nonsense).toThrow(/rabbitmq.url/)
    expect(nonsense).not.toThrow(/hunter2/)
  })

  it('names the virtual host that is not there', async () => {
    const elsewhere = new URL(url)
    elsewhere.pathname = '/no%20such'
    const publisher = rabbitmqPublisher({ rabbitmq: { url: elsewhere.href } })
    const [outcome] = await publish(publisher, [message('orders')])
    expect(outcome).toMatchObject({ type: 'unavailable', scope: 'broker' })
    expect(textOf(outcome)).toContain('no such')
    await publisher.close()
  })

  it('says all that is wrong with its options', () => {
    const options = { rabbitmq, maxMessageBytes: 0, maxBatchMessages: 100_000 }
    expect(() => rabbitmqPublisher(options)).toThrow(/maxMessageBytes.*maxBatchMessages/s)
  })
})
