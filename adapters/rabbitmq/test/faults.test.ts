import { type OwnServer, onServer, startRabbitmq } from '@waybill/conformance/containers'
import type { Delivery, Disposition } from '@waybill/core/contracts'
import { afterAll, expect, it } from 'vitest'
import { rabbitmqConsumer, rabbitmqPublisher } from '../src/index.ts'
import { message, publish, put, textOf, typesOf } from './publish.ts'
import { plainChannel, unique } from './server.ts'

const server = await startRabbitmq()
const slow = { timeout: 120_000 }
const ack: Disposition = { type: 'ack' }

/** Is given the outcomes other than accepted, as they come. */
type Disrupt = (others: readonly string[]) => Promise<void>

/** A topic with a durable quorum queue for everything. */
async function makeTopic(url: string): Promise<string> {
  const topic = unique('orders')
  const { model, channel } = await plainChannel(url)
  await channel.assertExchange(topic, 'topic', { durable: true })
  await channel.assertQueue(`${topic}.all`, { durable: true, arguments: { 'x-queue-type': 'quorum' } })
  await channel.bindQueue(`${topic}.all`, topic, '#')
  await model.close()
  return topic
}

/** Ids of what is in the queue of a topic, in its order. */
async function drain(url: string, topic: string): Promise<readonly string[]> {
  const { model, channel } = await plainChannel(url)
  const ids: string[] = []
  for (;;) {
    const found = await channel.get(`${topic}.all`, { noAck: true })
    if (found === false) break
    ids.push(String(found.properties.messageId))
  }
  await model.close()
  return ids
}

/**
 * A quorum queue whose server is killed in the first seconds of its life may never find a leader again (seen with RabbitMQ
 * 4.0.5: it comes back in term 0). An orderly restart writes down what there is to know of it.
 */
async function settleQueues(rabbit: OwnServer): Promise<void> {
  await rabbit.restart()
}

/** Publishes one message after the other while the server is disrupted; answers what was accepted. */
async function publishThroughout(rabbit: OwnServer, topic: string, disrupt: Disrupt) {
  const publisher = rabbitmqPublisher({ rabbitmq: { url: rabbit.url } })
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

onServer(server, { it }, (rabbit) => {
  afterAll(() => rabbit.stop())
  const rabbitmq = { url: rabbit.url }

  it.for<[string, Disrupt]>([
    ['killed', () => rabbit.kill().then(() => rabbit.restart())],
    ['restarted', () => rabbit.restart()],
    [
      'paused',
      async (others) => {
        await rabbit.pause()
        await expect.poll(() => others.length, { timeout: 10_000 }).toBeGreaterThan(1)
        await rabbit.unpause()
      },
    ],
  ])('everything that was accepted is there after the server was %s', slow, async ([, disrupt]) => {
    const topic = await makeTopic(rabbit.url)
    await settleQueues(rabbit)
    const { accepted, others } = await publishThroughout(rabbit, topic, disrupt)
    const ids = await drain(rabbit.url, topic)
    expect(accepted.filter((id) => !ids.includes(id))).toEqual([])
    expect(others.filter((type) => type !== 'unknown' && type !== 'unavailable')).toEqual([])
  })

  it.for([
    ['memory', ['set_vm_memory_high_watermark', '0'], ['set_vm_memory_high_watermark', '0.6']],
    ['disk', ['set_disk_free_limit', '1000000GB'], ['set_disk_free_limit', '50MB']],
  ] as const)(
    'says that a server short of %s takes nothing, and goes on when it has some again',
    slow,
    async (alarm) => {
      const [, raise, clear] = alarm
      const topic = await makeTopic(rabbit.url)
      const publisher = rabbitmqPublisher({ rabbitmq })
      const { readiness } = publisher
      if (readiness === undefined) throw new Error('it has to say whether it is ready')
      const changes: boolean[] = []
      readiness.onChange(() => changes.push(readiness.ready()))
      expect(typesOf(await publish(publisher, [message(topic)]))).toEqual(['accepted'])
      expect(await rabbit.exec(['rabbitmqctl', ...raise])).toMatchObject({ exitCode: 0 })
      // The server looks at its disk from time to time.
      const publishDuring = async () => (await publish(publisher, [message(topic, { id: 'during' })], 1000))[0]?.type
      await expect.poll(publishDuring, { timeout: 30_000 }).toMatch(/unknown|unavailable/)
      expect(readiness.ready()).toBe(false)
      const [refused] = await publish(publisher, [message(topic, { id: 'refused' })], 1000)
      expect(refused).toMatchObject({ type: 'unavailable', scope: 'broker' })
      expect(textOf(refused)).toContain('short of memory')
      expect(await rabbit.exec(['rabbitmqctl', ...clear])).toMatchObject({ exitCode: 0 })
      await expect.poll(() => readiness.ready(), { timeout: 10_000 }).toBe(true)
      expect(changes).toEqual([false, true])
      expect(typesOf(await publish(publisher, [message(topic, { id: 'after' })]))).toEqual(['accepted'])
      await publisher.close()
      const ids = await drain(rabbit.url, topic)
      expect(ids).toContain('after')
      expect(ids).not.toContain('refused')
    },
  )

  it(
    'goes on consuming after the server was killed, and tells handlers that what they have is lost',
    slow,
    async () => {
      const topic = unique('orders')
      const errors: Error[] = []
      const source = rabbitmqConsumer({ rabbitmq, topology: 'create', onError: (error) => errors.push(error) })
      const handled: string[] = []
      const stuck = Promise.withResolvers<unknown>()
      const handle = async ({ message: received, redelivered, signal }: Delivery): Promise<Disposition> => {
        handled.push(`${received?.id}${redelivered ? ' again' : ''}`)
        if (received?.id !== 'stuck' || redelivered) return ack
        signal.addEventListener('abort', () => stuck.resolve(signal.reason))
        await stuck.promise
        return { type: 'retry', delayMs: 0 }
      }
      const subscription = { group: 'billing', topics: [topic], maxInFlight: 10 }
      const first = await source.consume(subscription, handle)
      await first[Symbol.asyncDispose]()
      await settleQueues(rabbit)
      await source.consume(subscription, handle)
      const publisher = rabbitmqPublisher({ rabbitmq })
      await put(publisher, [message(topic, { id: 'before' }), message(topic, { id: 'stuck' })])
      await expect.poll(() => handled).toEqual(['before', 'stuck'])
      await rabbit.kill()
      expect(await stuck.promise).toMatchObject({ code: 'BROKER_UNAVAILABLE' })
      await rabbit.restart()
      const publishAfter = () => publish(publisher, [message(topic, { id: 'after' })])
      await expect.poll(async () => typesOf(await publishAfter()), { timeout: 20_000 }).toEqual(['accepted'])
      await expect.poll(() => handled, { timeout: 20_000 }).toContain('after')
      expect(handled).toContain('stuck again')
      expect(errors.length).toBeGreaterThan(0)
      await source.close()
      await publisher.close()
    },
  )

  it('ends a subscription whose queue was deleted, and names it', slow, async () => {
    const topic = await makeTopic(rabbit.url)
    const source = rabbitmqConsumer({ rabbitmq, queue: (of) => `${of}.all` })
    const subscription = { group: 'billing', topics: [topic], maxInFlight: 10 }
    const active = await source.consume(subscription, async () => ack)
    const { model, channel } = await plainChannel(rabbit.url)
    await channel.deleteQueue(`${topic}.all`)
    await model.close()
    await expect(active.closed).rejects.toThrow(`'${topic}.all'`)
    await expect(source.consume(subscription, async () => ack)).rejects.toMatchObject({
      retryable: true,
      message: expect.stringContaining(`The queue '${topic}.all' cannot be consumed`),
    })
    await source.close()
  })
})
