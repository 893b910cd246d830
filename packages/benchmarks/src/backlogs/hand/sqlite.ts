import { columns, settleStatement } from '../../sqlite/bare-loop.ts'
import { connect } from '../../sqlite/outbox-file.ts'
import type { HandOutbox } from './hand-outbox.ts'

interface Row {
  readonly position: number
  readonly id: string
  readonly type: string
  readonly ordering_key: string
  readonly payload: Buffer
  readonly created_at: number
}

/** By better-sqlite3. It has no locks of rows, and one writer at a time. */
export async function handSqlite(file: string): Promise<HandOutbox> {
  const database = connect(file)
  const read = database.prepare<[number, number], Row>(
    `select ${columns} from waybill_messages where status = 'PENDING' and position > ? order by position limit ?`,
  )
  const keep = database.prepare<[string]>(settleStatement(true))
  const remove = database.prepare<[string]>(settleStatement(false))
  return {
    read: async (after, limit) =>
      read.all(after, limit).map(({ position, id, type, ordering_key: key, payload, created_at: createdAt }) => ({
        position,
        message: { id, type, key, payload, createdAt: String(createdAt) },
      })),
    async settle(rows, keeps) {
      const positions = JSON.stringify(rows.map(({ position }) => position))
      const settle = keeps ? keep : remove
      settle.run(positions)
    },
    async [Symbol.asyncDispose]() {
      database.close()
    },
  }
}
