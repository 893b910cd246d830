import { type LaneRead, laneCount } from '@waybill/core/lanes'
import { pendingPositions, pendingRows, type Statement, schedule, sqlContext } from '@waybill/sql'
import type { Database } from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { sqliteDialect } from '../src/dialect.ts'
import { migratedDatabase } from './database.ts'

const context = sqlContext(sqliteDialect, 'waybill_')
const rows = pendingRows(context)
const positions = pendingPositions(context)
const clock = schedule(context)
const everything: LaneRead = {
  lanes: null,
  after: 0,
  upTo: null,
  exclude: [],
  onlyTopic: null,
  skipTopics: [],
  skipKeys: [],
  limit: 500,
  watch: [],
}
const filtered: LaneRead = {
  ...everything,
  lanes: Array.from({ length: laneCount / 2 }, (_, lane) => lane),
  upTo: 1_000_000,
  exclude: [5, 6],
  skipTopics: ['mail'],
  skipKeys: [{ topic: 'orders', key: 'k' }],
}

function planOf(database: Database, statement: Statement): string {
  const steps = database.prepare(`explain query plan ${statement.sql}`).all(...statement.parameters)
  return (steps as { detail: string }[]).map((step) => step.detail).join('\n')
}

const contents = {
  'an empty table': 0,
  'a table of history and some new messages': 2000,
}

describe.for(Object.entries(contents))('on %s', ([, history]) => {
  it.for(['without statistics', 'with statistics'])('reads only what waits, in order, %s', async (statistics) => {
    await using test = migratedDatabase()
    const database = test.connect()
    // Statistics of an outbox are usually those of an empty table: the plan must not depend on them.
    if (history === 0 && statistics === 'with statistics') database.exec('analyze')
    database.exec(`with recursive n (i) as (select 1 union all select i + 1 from n where i < ${history || 2000})
      insert into waybill_messages (id, topic, type, payload, status, published_at)
      select i, 'orders', 'order.placed', '{}', iif(i < ${history} - 20, 'PUBLISHED', 'PENDING'),
        iif(i < ${history} - 20, 1, null) from n`)
    if (history > 0 && statistics === 'with statistics') database.exec('analyze')
    for (const request of [everything, filtered]) {
      const immediate = planOf(database, rows('immediate', request))
      expect(immediate).toContain('waybill_messages_pending (position>?')
      expect(immediate).not.toContain('TEMP B-TREE')
      expect(planOf(database, rows('scheduled', request))).toContain('waybill_messages_scheduled (available_at')
    }
    const range = 'waybill_messages_pending (position>? AND position<?)'
    expect(planOf(database, positions({ after: 1, upTo: 9 }))).toContain(range)
    expect(planOf(database, clock(null))).toContain('waybill_messages_scheduled (available_at>?')
  })
})
