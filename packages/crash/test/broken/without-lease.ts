import BetterSqlite3 from 'better-sqlite3'
import { runRelay } from '../../src/relay/run-relay.ts'
import { type NaiveRow, naiveSource, statements } from './naive-source.ts'

// Relays that share no work: each publishes all that is pending. On SQLite, whose positions are in the order of commits.

await runRelay(({ publisher }, { database: file }) => {
  const database = new BetterSqlite3(file)
  const run = (sql: string, ...values: readonly unknown[]) => {
    database.prepare(sql.replaceAll(/\$(\d)/g, '?$1')).run(...values)
  }
  const pending = database.prepare(statements.pending.replaceAll(/\$(\d)/g, '?$1'))
  const storage = naiveSource({
    turn: Promise.resolve(),
    pending: async (after, limit) => pending.all(after, Date.now(), limit) as readonly NaiveRow[],
    setPublished: async (position) => run(statements.setPublished, position, Date.now()),
    setDead: async (position, reason) => run(statements.setDead, position, Date.now(), reason),
  })
  return { storage, publisher }
})
