import BetterSqlite3 from 'better-sqlite3'
import { runRelay } from '../../src/relay/run-relay.ts'
import { type NaiveRow, naiveSource, statements } from './naive-source.ts'

// Relays that share no work: each publishes all that is pending. On SQLite, whose positions are in the order of commits.

await runRelay(({ publisher }, { database: file }) => {
  const database = new BetterSqlite3(file)
  const prepare = (sql: string) => database.prepare(sql.replaceAll(/\$\d/g, '?'))
  const storage = naiveSource({
    pending: async (after, limit) => prepare(statements.pending).all(after, Date.now(), limit) as readonly NaiveRow[],
    setPublished: async (position) => void prepare(statements.setPublished).run(Date.now(), position),
    setDead: async (position, reason) => void prepare(statements.setDead).run(Date.now(), reason, position),
    close: async () => void database.close(),
  })
  return { storage, publisher }
})
