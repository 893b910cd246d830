import { randomUUID } from 'node:crypto'
import { onServer, sharedKafka } from '@waybill/conformance/containers'
import type { BrokerConsumer, Delivery, Disposition, Message } from '@waybill/core/contracts'
import { afterEach, describe, expect, it } from 'vitest'
import { kafkaConsumer, kafkaPublisher } from '../src/index.ts'
import { TestBroker } from './broker.ts'
import { eventually } from './eventually.ts'
import { KafkaProxy } from './proxy.ts'
import { publishUntilAccepted } from './rounds.ts'
import { clients } from './setup.ts'

const closing: AsyncDisposable[] = []
/** A busy machine does not let a member beat in time, so that only the test of that has a short session. */
const [longSessionMs, shortSessionMs] = [15_000, 1500]

afterEach(async () => {
  for (const each of closing.splice(0)) await each[Symbol.asyncDispose]()
})

const ack: Disposition = { type: 'ack' }

/** A member with everything that it was handed. */
class Member {
  readonly deliveries: Delivery[] = []
  readonly #release: PromiseWithResolvers<void> = Promise.withResolvers()
  readonly consumer: BrokerConsumer
  holds = false
  maxInFlight = 100

  constructor(consumer: BrokerConsumer) {
    this.consumer = consumer
    closing.push({ [Symbol.asyncDispose]: () => this.close() })
  }

  get ids(): readonly string[] {
    return this.deliveries.map(({ message }) => message?.id ?? '?')
  }

  /** Waits until each of them has been handed over, among the deliveries from the `from`th on. */
  async hasAll(ids: readonly string[], from = 0): Promise<void> {
    await eventually('all at the member', async () => {
      const seen = new Set(this.ids.slice(from))
      return ids.every((id) => seen.has(id)) || undefined
    })
  }

  async join(group: string, topic: string): Promise<void> {
    await this.consumer.consume({ group, topics: [topic], maxInFlight: this.maxInFlight }, async (delivery) => {
      this.deliveries.push(delivery)
      if (this.holds) await this.#release.promise
      return ack
    })
  }

  release(): void {
    this.#release.resolve()
  }

  async close(): Promise<void> {
    this.release()
    await this.consumer.close()
  }
}

onServer(await sharedKafka(), { it }, ({ url }) => {
  describe.for(clients)('members of a group by %s', { timeout: 120_000 }, (client) => {
    async function setup() {
      const broker = await TestBroker.at(url)
      const [topic = ''] = await broker.topics(1)
      const publisher = kafkaPublisher({ brokers: [broker.address], client })
      closing.push({ [Symbol.asyncDispose]: () => publisher.close() }, broker)
      const member = (address = broker.address, sessionTimeoutMs = longSessionMs) =>
        new Member(kafkaConsumer({ brokers: [address], client, sessionTimeoutMs, commitIntervalMs: 20 }))
      const publish = async (count: number) => {
        const messages = Array.from(
          { length: count },
          (_, index): Message => ({
            id: randomUUID(),
            topic,
            type: 'test',
            payload: new Uint8Array(),
            contentType: 'text/plain',
            headers: {},
            orderingKey: `key-${index % 20}`,
            schemaVersion: 1,
            createdAt: 0,
          }),
        )
        await publishUntilAccepted(publisher, messages)
        return messages.map(({ id }) => id)
      }
      return { broker, topic, group: `group-${randomUUID()}`, member, publish }
    }

    it('abort what is taken away, and keep what is not', async () => {
      const { topic, group, member, publish } = await setup()
      const first = member()
      first.holds = true
      await first.join(group, topic)
      await first.hasAll(await publish(40))
      const second = member()
      await second.join(group, topic)
      const lost = await eventually('partitions to be lost', async () => {
        const aborted = first.deliveries.filter(({ signal }) => signal.aborted)
        return aborted.length > 0 && second.deliveries.length >= aborted.length ? aborted : undefined
      })
      const lostPartitions = new Set(lost.map(({ source }) => source.partition))
      const kept = first.deliveries.filter(({ signal }) => !signal.aborted)
      expect(kept.length).toBeGreaterThan(0)
      for (const { source } of kept) expect(lostPartitions).not.toContain(source.partition)
      for (const { source } of second.deliveries) expect(lostPartitions).toContain(source.partition)
      // What was kept is not delivered a second time.
      const places = first.deliveries.map(({ source }) => `${source.partition}/${source.position}`)
      expect(new Set(places).size).toBe(places.length)
    })

    it('hand everything out to somebody while members come and go', async () => {
      const { topic, group, member, publish } = await setup()
      const members = [member()]
      await members[0]?.join(group, topic)
      const ids = await publish(100)
      for (let round = 0; round < 2; round += 1) {
        const next = member()
        members.push(next)
        await next.join(group, topic)
        ids.push(...(await publish(100)))
        await members[round]?.close()
        ids.push(...(await publish(100)))
      }
      await eventually('every message at a member', async () => {
        const seen = new Set(members.flatMap((each) => each.ids))
        return ids.every((id) => seen.has(id)) || undefined
      })
    })

    it('that are cut off give up what they have, and take up again', async () => {
      const { topic, group, member, publish } = await setup()
      const proxy = await KafkaProxy.before(new URL(url))
      closing.push(proxy)
      const first = member(proxy.address, shortSessionMs)
      first.holds = true
      await first.join(group, topic)
      const ids = await publish(10)
      await first.hasAll(ids)
      const before = first.deliveries.length
      proxy.cut()
      await eventually(
        'the deliveries to be aborted',
        async () => first.deliveries.every(({ signal }) => signal.aborted) || undefined,
      )
      first.holds = false
      proxy.restore()
      await first.hasAll(ids, before)
    })

    it('name the topics when one is missing', async () => {
      const { group, member } = await setup()
      const topic = `missing-${randomUUID()}`
      await expect(member().join(group, topic)).rejects.toThrow(`'${topic}' does not exist`)
    })

    it('that are busy take no more than they can hold, and all of it in the end', async () => {
      const { topic, group, member, publish } = await setup()
      const busy = member()
      busy.maxInFlight = 2
      busy.holds = true
      await busy.join(group, topic)
      const ids: string[] = []
      for (let batch = 0; batch < 6; batch += 1) ids.push(...(await publish(500)))
      expect(busy.deliveries.length).toBeLessThanOrEqual(2)
      busy.release()
      await busy.hasAll(ids)
    })

    it('commit what has been handled, and no more', async () => {
      const { broker, topic, group, member, publish } = await setup()
      const only = member()
      await only.join(group, topic)
      await publish(60)
      const written = (await broker.read(topic)).length
      const ends = async () => [...(await broker.committed(group, topic)).values()].map(Number)
      await eventually('all to be committed', async () => {
        const sum = (await ends()).reduce((total, offset) => total + Math.max(0, offset), 0)
        return sum === written || undefined
      })
    })
  })
})
