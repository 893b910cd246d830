import { inspect } from 'node:util'
import { onServer, startSecureRabbitmq } from '@waybill/conformance/containers'
import { afterAll, expect, it } from 'vitest'
import { rabbitmqConsumer, rabbitmqPublisher } from '../src/index.ts'
import { message, publish, textOf, typesOf } from './publish.ts'
import { unique } from './server.ts'

const server = await startSecureRabbitmq()

onServer(server, { it }, ({ url, tls, stop }) => {
  afterAll(stop)

  it('publishes and consumes over TLS', async () => {
    const topic = unique('orders')
    const rabbitmq = { url, socket: tls }
    const source = rabbitmqConsumer({ rabbitmq, topology: 'create' })
    const handled: (string | undefined)[] = []
    await source.consume({ group: 'billing', topics: [topic], maxInFlight: 1 }, async (delivery) => {
      handled.push(delivery.message?.id)
      return { type: 'ack' }
    })
    const publisher = rabbitmqPublisher({ rabbitmq })
    expect(await publish(publisher, [message(topic, { id: 'm' })])).toEqual([{ type: 'accepted' }])
    await expect.poll(() => handled).toEqual(['m'])
    await source.close()
    await publisher.close()
  })

  it('does not talk to a server whose certificate it does not trust, and shows no password', async () => {
    const { password } = new URL(url)
    for (const socket of [{}, { ...tls, servername: 'somebody.else' }]) {
      const publisher = rabbitmqPublisher({ rabbitmq: { url, socket } })
      const outcomes = await publish(publisher, [message('orders')])
      expect(typesOf(outcomes)).toEqual(['unavailable'])
      expect(textOf(outcomes[0])).toMatch(/certificate|altnames/i)
      expect(inspect(outcomes, { depth: null, showHidden: true })).not.toContain(`:${password}@`)
      await publisher.close()
    }
  })
})
