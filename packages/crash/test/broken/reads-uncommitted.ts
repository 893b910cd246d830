import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { runRelay } from '../../src/relay/run-relay.ts'
import { type NaiveRow, naiveSource, statements } from './naive-source.ts'

// One relay, which publishes what stands in the table, whether it has committed or not. On MySQL, which lets it.

await runRelay(async ({ publisher }, { database }) => {
  const connection = await createConnection(database)
  await connection.query('set session transaction isolation level read uncommitted')
  const query = async (sql: string, ...values: readonly unknown[]) => {
    const [rows] = await connection.query<(RowDataPacket & NaiveRow)[]>(sql.replaceAll(/\$\d/g, '?'), [...values])
    return rows
  }
  const storage = naiveSource({
    pending: (after, limit) => query(statements.pending, after, Date.now(), limit),
    async setPublished(position) {
      await query(statements.setPublished, Date.now(), position)
    },
    async setDead(position, reason) {
      await query(statements.setDead, Date.now(), reason, position)
    },
    close: () => connection.end(),
  })
  return { storage, publisher }
})
