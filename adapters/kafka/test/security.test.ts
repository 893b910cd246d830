import { randomUUID } from 'node:crypto'
import { onServer, startSecureKafka } from '@waybill/conformance/containers'
import type { Message } from '@waybill/core/contracts'
import { afterAll, describe, expect, it } from 'vitest'
import { type KafkaConnection, type KafkaSasl, kafkaConsumer, kafkaPublisher } from '../src/index.ts'
import { eventually } from './eventually.ts'
import { clients } from './setup.ts'

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const
const server = await startSecureKafka()

afterAll(async () => {
  if (server.available) await server.stop()
})

function message(topic: string): Message {
  const payload = new Uint8Array([1])
  return {
    id: randomUUID(),
    topic,
    type: 'test',
    payload,
    contentType: 'text/plain',
    headers: {},
    schemaVersion: 1,
    createdAt: 0,
  }
}

/** Everything that a log of an error, a report or a debugger would show. */
function everythingIn(value: unknown, seen: Set<unknown> = new Set()): string {
  if (typeof value !== 'object' || value === null || seen.has(value)) return String(value)
  seen.add(value)
  return Reflect.ownKeys(value)
    .map((key) => `${String(key)}: ${everythingIn(Reflect.get(value, key), seen)}`)
    .join('\n')
}

onServer(server, { it }, ({ url, certificate, account }) => {
  describe.for(clients)('TLS and SASL by %s', { timeout: 60_000 }, (client) => {
    const connection = (sasl: Partial<KafkaSasl> = {}): KafkaConnection => ({
      brokers: [new URL(url).host],
      tls: { ca: certificate },
      sasl: { mechanism: 'scram-sha-512', username: account.user, password: account.password, ...sasl } as KafkaSasl,
      client,
    })
    const publish = async (options: KafkaConnection, topic: string) => {
      await using stack = new AsyncDisposableStack()
      const publisher = kafkaPublisher({ ...options, topology: 'create' })
      stack.defer(() => publisher.close())
      return await publisher.publish([message(topic)], { signal: new AbortController().signal, timeoutMs: 5000 })
    }

    it.for(mechanisms)('publishes and consumes with %s', async (mechanism) => {
      const topic = `secure-${randomUUID()}`
      await eventually('its message', async () => {
        const [outcome] = await publish(connection({ mechanism }), topic)
        return outcome?.type === 'accepted' || undefined
      })
      const consumer = kafkaConsumer(connection({ mechanism }))
      const delivered = Promise.withResolvers<void>()
      await consumer.consume({ group: randomUUID(), topics: [topic], maxInFlight: 1 }, async () => {
        delivered.resolve()
        return { type: 'ack' }
      })
      await delivered.promise
      await consumer.close()
    })

    it('is told of a wrong password, and does not show it', async () => {
      const password = `wrong-${randomUUID()}`
      const [outcome] = await publish(connection({ password }), 'any')
      expect(outcome).toMatchObject({ type: 'unavailable', scope: 'broker', error: { code: 'BROKER_UNAVAILABLE' } })
      expect(everythingIn(outcome)).not.toContain(password)
      const consumer = kafkaConsumer(connection({ password }))
      const refusal: unknown = await consumer
        .consume({ group: 'g', topics: ['any'], maxInFlight: 1 }, async () => ({ type: 'ack' }))
        .catch((error: unknown) => error)
      expect(refusal).toMatchObject({ code: 'BROKER_UNAVAILABLE' })
      expect(everythingIn(refusal)).not.toContain(password)
      await consumer.close()
    })

    it('does not talk to a broker whose certificate it does not trust', async () => {
      const [outcome] = await publish({ ...connection(), tls: true }, 'any')
      expect(outcome?.type).toBe('unavailable')
      expect(everythingIn(outcome)).not.toContain(account.password)
    })

    it('keeps secrets to itself when it is looked at', () => {
      for (const each of [kafkaPublisher(connection()), kafkaConsumer(connection())])
        expect(JSON.stringify(each) + everythingIn(each)).not.toContain(account.password)
    })
  })
})
