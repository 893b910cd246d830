import pg from 'pg'
import { runRelay } from '../../src/relay/run-relay.ts'
import { naiveSource, statements } from './naive-source.ts'

// One relay, which reads in the order of positions and does not know of transactions that were open when it passed. On
// PostgreSQL, where positions are drawn before the commit.

await runRelay(async ({ publisher }, { database }) => {
  const client = new pg.Client({ connectionString: database })
  await client.connect()
  const storage = naiveSource({
    async pending(after, limit) {
      const { rows } = await client.query(statements.pending, [after, Date.now(), limit])
      return rows.map((row) => ({ ...row, position: Number(row.position) }))
    },
    async setPublished(position) {
      await client.query(statements.setPublished, [Date.now(), position])
    },
    async setDead(position, reason) {
      await client.query(statements.setDead, [Date.now(), reason, position])
    },
    close: () => client.end(),
  })
  return { storage, publisher }
})
