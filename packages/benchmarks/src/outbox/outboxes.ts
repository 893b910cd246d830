import type { BenchSettings, ServerStorage } from '../harness/benchmark.ts'
import { mysqlOutbox } from './mysql/mysql-outbox.ts'
import type { OutboxDatabase } from './outbox-database.ts'
import { postgresOutbox } from './postgres/postgres-outbox.ts'

/** Does work on a database of its own, which is removed when it has ended. */
export async function withOutbox<T>(
  storage: ServerStorage,
  settings: BenchSettings,
  work: (outbox: OutboxDatabase) => Promise<T>,
): Promise<T> {
  const server = await settings.servers.get(storage)
  await using outbox = await (storage === 'postgres' ? postgresOutbox(server) : mysqlOutbox(server))
  return await work(outbox)
}
