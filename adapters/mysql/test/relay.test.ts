import { describeRelay } from '@waybill/conformance'
import { memoryBroker, memoryPublisher } from '@waybill/memory'
import { describe, it } from 'vitest'
import { type MysqlTransaction, mysqlStorage } from '../src/index.ts'
import { migratedDatabase, onEachServer } from './database.ts'

await onEachServer((server) => {
  describeRelay<MysqlTransaction>('mysql with the memory broker', { describe, it }, async () => {
    const test = await migratedDatabase(server)
    const broker = memoryBroker()
    const publisher = memoryPublisher({ broker })
    const storage = mysqlStorage({ pool: test.pool() })
    const opened = [storage]
    return {
      storage,
      runner: storage,
      publisher,
      topics: ['orders', 'mail'],
      async reopen() {
        const another = mysqlStorage({ pool: test.pool() })
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
