import pg from 'pg'
import { lease, read, settle, take } from '../../outbox/postgres/loops.ts'
import type { HandOutbox, HandRow } from './hand-outbox.ts'

interface Row {
  readonly position: string
  readonly id: string
  readonly type: string
  readonly ordering_key: string
  readonly payload: Buffer
  readonly created_at: string
}

/** By pg, with statements that the server keeps prepared. */
export async function handPostgres(url: string): Promise<HandOutbox> {
  const [reader, settler] = await Promise.all([connect(url), connect(url)])
  const ask = async (name: string, text: string, values: unknown[]) =>
    (await reader.query<Row>({ name, text, values })).rows.map(toHandRow)
  const settleBy = (client: pg.Client, rows: readonly HandRow[], keeps: boolean) =>
    client.query({
      name: keeps ? 'keep' : 'delete',
      text: keeps ? settle.kept : settle.deleted,
      values: [`{${rows.map(({ position }) => position).join()}}`],
    })
  return {
    read: (after, limit) => ask('read', read, [after, limit]),
    async settle(rows, keeps) {
      await settleBy(settler, rows, keeps)
    },
    skipLocked: {
      lease: (limit) => ask('lease', lease, [limit]),
      async inTransaction(limit, work) {
        await reader.query('begin')
        const rows = await ask('take', take, [limit])
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

/** Settlements as the storage has them: a power cut may undo the newest, and messages are published twice. */
async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('set synchronous_commit = off')
  return client
}

function toHandRow({ position, id, type, ordering_key: key, payload, created_at: createdAt }: Row): HandRow {
  return { position: Number(position), message: { id, type, key, payload, createdAt } }
}
