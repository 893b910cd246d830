import pg from 'pg'
import { runRelay } from '../../src/relay/run-relay.ts'
import { naiveSource, statements } from './naive-source.ts'

// One relay at a time, by a lock, reads in the order of positions and never looks back for transactions that were open
// when it passed. On PostgreSQL, where positions are drawn before the commit.

const turnOfRelays = 4711

await runRelay(async ({ publisher }, { database }) => {
  const client = new pg.Client({ connectionString: database })
  await client.connect()
  const storage = naiveSource({
    turn: client.query('select pg_advisory_lock($1)', [turnOfRelays]).then(() => undefined),
    async pending(after, limit) {
      const { rows } = await client.query(statements.pending, [after, Date.now(), limit])
      return rows.map((row) => ({ ...row, position: Number(row.position) }))
    },
    async setPublished(position) {
      await client.query(statements.setPublished, [position, Date.now()])
    },
    async setDead(position, reason) {
      await client.query(statements.setDead, [position, Date.now(), reason])
    },
  })
  return { storage, publisher }
})
