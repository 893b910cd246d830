import { onServer } from '@waybill/conformance/containers'
import type { Delivery, Disposition } from '@waybill/core/contracts'
import { expect, it } from 'vitest'
import { type RabbitmqConsumerOptions, rabbitmqConsumer, rabbitmqPublisher } from '../src/index.ts'
import { message, put } from './publish.ts'
import { findServer, plainChannel, unique } from './server.ts'

const server = await findServer()

const ack: Disposition = { type: 'ack' }

onServer(server, { it }, ({ url }) => {
  const rabbitmq = { url }

  /** A topic with a queue for one group, and consumers of that. */
  const setup = (options: Partial<RabbitmqConsumerOptions> = {}) => {
    const topic = unique('orders')
    const open = () => rabbitmqConsumer({ rabbitmq, topology: 'create', ...options })
    return {
      topic,
      open,
      subscription: { group: 'billing', topics: [topic], maxInFlight: 5 },
      async publishAll(ids: readonly string[], orderingKey?: string) {
        const publisher = rabbitmqPublisher({ rabbitmq })
        const key = orderingKey === undefined ? {} : { orderingKey }
        // One at a time, as core does for one key.
        for (const id of ids) await put(publisher, [message(topic, { id, ...key })])
        await publisher.close()
      },
      async remove() {
        const { model, channel } = await plainChannel(url)
        await channel.deleteQueue(`${topic}.billing`)
        await channel.deleteExchange(topic)
        await model.close()
      },
    }
  }

  it('holds back a key while one of its messages waits for its retry, and no other', async () => {
    const { topic, open, subscription, publishAll, remove } = setup()
    const source = open()
    const handled: string[] = []
    const gate = Promise.withResolvers<void>()
    await source.consume({ ...subscription, maxInFlight: 3 }, async ({ message: received, deliveryCount }) => {
      await gate.promise
      handled.push(received?.id ?? '?')
      return received?.id === 'k1' && deliveryCount === 1 ? { type: 'retry', delayMs: 200 } : ack
    })
    await publishAll(['k1'], 'k')
    await publishAll(['other1', 'other2'])
    await publishAll(['k2'], 'k')
    gate.resolve()
    await expect.poll(() => handled).toEqual(['k1', 'other1', 'other2', 'k1', 'k2'])
    await source.close()
    expect(topic).not.toBe('')
    await remove()
  })

  it('keeps a key in order when the single active consumer stops with messages in hand', async () => {
    const { open, subscription, publishAll, remove } = setup({ singleActiveConsumer: true })
    const [first, second] = [open(), open()]
    const ids = ['k1', 'k2', 'k3', 'k4', 'k5', 'k6']
    const handled: (string | undefined)[] = []
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    // It has k1 and k2 in hand, and ends while it handles k1.
    await first.consume({ ...subscription, maxInFlight: 2 }, async ({ message: received }) => {
      begun.resolve()
      await gate.promise
      handled.push(received?.id)
      return ack
    })
    await second.consume(subscription, async ({ message: received }) => {
      handled.push(received?.id)
      return ack
    })
    await publishAll(ids, 'k')
    await begun.promise
    const stopping = first.close()
    // What is published meanwhile would be the other's at once, were the first one's consumer cancelled.
    await publishAll(['k7'], 'k')
    expect(handled).toEqual([])
    gate.resolve()
    await stopping
    await expect.poll(() => handled).toEqual([...ids, 'k7'])
    await second.close()
    await remove()
  })

  it('keeps a key in order across processes, with a single active consumer', async () => {
    const { open, subscription, publishAll, remove } = setup({ singleActiveConsumer: true })
    const [first, second] = [open(), open()]
    expect(first.capabilities.ordering).toBe('key')
    const taken: Delivery[] = []
    await first.consume(subscription, (delivery) => {
      taken.push(delivery)
      return Promise.withResolvers<Disposition>().promise
    })
    const handled: (string | undefined)[] = []
    await second.consume(subscription, async ({ message: received }) => {
      handled.push(received?.id)
      return ack
    })
    const ids = Array.from({ length: 12 }, (_, index) => `k${index}`)
    await publishAll(ids, 'k')
    await expect.poll(() => taken.length).toBe(5)
    expect(handled).toEqual([])
    first.crash()
    await expect.poll(() => handled.length).toBe(12)
    expect(handled).toEqual(ids)
    await second.close()
    await remove()
  })

  it('puts rejected messages where the queue puts dead letters', async () => {
    const { model, channel } = await plainChannel(url)
    const dead = unique('dead')
    await channel.assertExchange(dead, 'fanout')
    const { queue } = await channel.assertQueue('', { exclusive: true })
    await channel.bindQueue(queue, dead, '')
    const { open, subscription, publishAll, remove } = setup({ deadLetterExchange: dead, deliveryLimit: 3 })
    const source = open()
    await source.consume(subscription, async () => ({ type: 'reject', reason: 'not understood' }))
    await publishAll(['bad'])
    await expect.poll(async () => (await channel.checkQueue(queue)).messageCount).toBe(1)
    const found = await channel.get(queue, { noAck: true })
    expect(found).toMatchObject({ properties: { messageId: 'bad' } })
    await source.close()
    await channel.deleteExchange(dead)
    await model.close()
    await remove()
  })

  it('gives back what it has not handled when it is closed', async () => {
    const { open, subscription, publishAll, remove } = setup()
    const first = open()
    let tries = 0
    await first.consume(subscription, async () => {
      tries += 1
      return { type: 'retry', delayMs: 60_000 }
    })
    await publishAll(['m'])
    await expect.poll(() => tries).toBe(1)
    await first.close()
    const handled: [string | undefined, boolean][] = []
    const second = open()
    await second.consume(subscription, async ({ message: received, redelivered }) => {
      handled.push([received?.id, redelivered])
      return ack
    })
    await expect.poll(() => handled).toEqual([['m', true]])
    await second.close()
    await remove()
  })
})
