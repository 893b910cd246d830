import { reconcile } from '@waybill/core'
import { postgresInbox } from '@waybill/postgres'
import { migrate, outbox, pool, storage } from './database.ts'

// Starts the documents that are there and that nothing has begun with. They come from the time when `submit` wrote the row and
// then told BullMQ, and sometimes did not live to do the second. Run it as often as you like, also several at once.

await migrate()
const { expected, enqueued } = await reconcile({
  name: 'documents',
  inbox: postgresInbox({ pool }),
  expected: documentIds(),
  enqueued: begun,
  async enqueue(tx, ids) {
    const { rows } = await tx.query<Document>('select id, text from documents where id = any($1)', [ids])
    const messages = rows.map(({ id, text }) => {
      return { type: 'document.submitted', payload: { documentId: id, text }, id } as const
    })
    await outbox.enqueueMany(tx, messages)
  },
})
console.log(`reconcile: ${expected} documents, of which ${enqueued} were lost and are started now`)
await storage.close()
await pool.end()

interface Document {
  readonly id: string
  readonly text: string
}

/** In pages. What is younger may still be in a transaction of its own. */
async function* documentIds(): AsyncGenerator<readonly string[]> {
  let last = '00000000-0000-0000-0000-000000000000'
  for (;;) {
    const { rows } = await pool.query<Document>(
      `select id from documents where id > $1 and submitted_at < now() - interval '10 minutes' order by id limit 500`,
      [last],
    )
    const ids = rows.map(({ id }) => id)
    if (ids.length === 0) return
    yield ids
    last = ids.at(-1) ?? last
  }
}

/** Those with lines, whoever started them, and those whose message waits or is on its way: it has the document's id. */
async function begun(ids: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await pool.query<Document>(
    'select id from documents where id = any($1) and exists (select from lines where document_id = id)',
    [ids],
  )
  const found = new Set(rows.map(({ id }) => id))
  for (const id of ids) if (!found.has(id) && (await storage.inspect(id)) !== null) found.add(id)
  return found
}
