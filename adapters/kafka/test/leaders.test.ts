import { onServer, startKafkaCluster } from '@waybill/conformance/containers'
import { afterAll, describe, it } from 'vitest'
import { TestBroker } from './broker.ts'
import { eventually } from './eventually.ts'
import { patienceMs, publishDuring } from './rounds.ts'
import { clients } from './setup.ts'

const cluster = await startKafkaCluster()

afterAll(async () => {
  if (cluster.available) await cluster.stop()
})

onServer(cluster, { it }, (kafka) => {
  describe.for(clients)('leaders that move, by %s', { timeout: 3 * patienceMs }, (client) => {
    it('away from a killed broker and back to it lose nothing and keep the order', async () => {
      const broker = await TestBroker.at(kafka.url)
      const [topic = ''] = await broker.topics(1, { replicas: 2 })
      const bothInSync = () =>
        eventually(
          'both replicas',
          async () => (await broker.inSync(topic)).every((count) => count === 2) || undefined,
          patienceMs,
        )
      await bothInSync()
      await publishDuring({ url: kafka.url, topic, client }, async () => {
        await kafka.killSecond()
        await eventually(
          'one replica',
          async () => (await broker.inSync(topic)).every((count) => count === 1) || undefined,
          patienceMs,
        )
        await kafka.startSecond()
        await bothInSync()
        // From here on the old leader lives, and says that it is none.
        await kafka.electPreferred()
      })
      await broker[Symbol.asyncDispose]()
    })
  })
})
