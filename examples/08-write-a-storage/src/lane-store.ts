import type { LaneStore } from '@waybill/core/lanes'
import type { Database } from './database.ts'
import { nodeSqliteLaneTransaction } from './lane-transaction.ts'
import { readPending } from './read.ts'

/** What leased lanes need of SQLite. There is no `barrier`: with one writer at a time, positions are commit order. */
export function nodeSqliteLaneStore(database: Database, retentionMs: number): LaneStore {
  const { now } = database
  const settle =
    retentionMs > 0
      ? "update waybill_messages set status = 'PUBLISHED', settled_at = :now"
      : 'delete from waybill_messages'
  const forget = "delete from waybill_messages where status = 'PUBLISHED' and settled_at <= :until"
  return {
    name: 'node-sqlite',
    async addRelay({ id, label, leaseMs }) {
      await database.write((sql) =>
        sql
          .prepare('insert into waybill_relays (id, label, lease_ms, lease_until) values (?, ?, ?, ?)')
          .run(id, label, leaseMs, now() + leaseMs),
      )
    },
    async renew(id) {
      const renewal = 'update waybill_relays set lease_until = ? + lease_ms where id = ?'
      return await database.write((sql) => sql.prepare(renewal).run(now(), id).changes === 1)
    },
    read: (request) => database.read((sql) => readPending(sql, request, now())),
    async mark(id, window) {
      const marking = 'update waybill_relays set lease_until = ? + lease_ms, window = ? where id = ?'
      return await database.write((sql) => sql.prepare(marking).run(now(), JSON.stringify(window), id).changes === 1)
    },
    async publish(rows) {
      await database.write((sql) => {
        const one = sql.prepare(`${settle} where position = :position and id = :id and status = 'PENDING'`)
        const at = now()
        for (const { position, id } of rows) one.run({ position, id, ...(retentionMs > 0 ? { now: at } : {}) })
        if (retentionMs > 0) sql.prepare(forget).run({ until: at - retentionMs })
      })
      // Nobody else's locks were in the way: none of them is pending now.
      return rows.map(({ position }) => position)
    },
    transaction: (work) => database.transaction((sql) => work(nodeSqliteLaneTransaction(sql, now))),
  }
}
