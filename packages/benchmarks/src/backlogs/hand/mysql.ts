import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { lease, read, settle, take } from '../../outbox/mysql/loops.ts'
import type { HandOutbox, HandRow } from './hand-outbox.ts'

interface Row extends RowDataPacket {
  readonly position: number
  readonly id: string
  readonly type: string
  readonly ordering_key: string
  readonly payload: Buffer
  readonly created_at: number
}

/** By mysql2. */
export async function handMysql(url: string): Promise<HandOutbox> {
  const [reader, settler] = await Promise.all([connect(url), connect(url)])
  const ask = async (sql: string, values: unknown[]) => (await reader.query<Row[]>(sql, values))[0].map(toHandRow)
  const settleBy = (connection: Connection, rows: readonly HandRow[], keeps: boolean) =>
    connection.query(keeps ? settle.kept : settle.deleted, [rows.map(({ position }) => position)])
  return {
    read: (after, limit) => ask(read, [after, limit]),
    async settle(rows, keeps) {
      await settleBy(settler, rows, keeps)
    },
    skipLocked: {
      async lease(limit) {
        await reader.query('begin')
        const rows = await ask(take, [limit])
        if (rows.length > 0) await reader.query(lease, [rows.map(({ position }) => position)])
        await reader.query('commit')
        return rows
      },
      async inTransaction(limit, work) {
        await reader.query('begin')
        const rows = await ask(take, [limit])
        if (rows.length > 0) {
          await work(rows)
          await settleBy(reader, rows, false)
        }
        await reader.query('commit')
        return rows.length
      },
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([reader.end(), settler.end()])
    },
  }
}

async function connect(url: string): Promise<Connection> {
  const connection = await createConnection({ uri: url })
  await connection.query('set session transaction isolation level read committed')
  return connection
}

function toHandRow({ position, id, type, ordering_key: key, payload, created_at: createdAt }: Row): HandRow {
  return { position, message: { id, type, key, payload, createdAt: String(createdAt) } }
}
