import { describeRelay } from '@waybill/conformance'
import { onServer } from '@waybill/conformance/containers'
import { memoryBroker, memoryPublisher } from '@waybill/memory'
import { describe, it } from 'vitest'
import { type PostgresTransaction, postgresStorage } from '../src/index.ts'
import { migratedDatabase, server } from './server.ts'

onServer(server, { it }, (postgres) => {
  describeRelay<PostgresTransaction>('postgres with the memory broker', { describe, it }, async () => {
    const test = await migratedDatabase(postgres)
    const broker = memoryBroker()
    const publisher = memoryPublisher({ broker })
    const open = () => postgresStorage({ pool: test.pool })
    const storage = open()
    const opened = [storage]
    return {
      storage,
      runner: storage,
      publisher,
      topics: ['orders', 'mail'],
      async reopen() {
        const another = open()
        opened.push(another)
        return another
      },
      read: async (topic) => broker.log.flatMap((record) => (record.topic === topic ? (record.message ?? []) : [])),
      async close() {
        await publisher.close()
        for (const each of opened) await each.close()
        await test[Symbol.asyncDispose]()
      },
    }
  })
})
