import { randomUUID } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { migrate, outbox, pool, storage } from './database.ts'

// Submits the documents of its standard input, which a blank line separates: each with its message, in one transaction.

await migrate()
const documents = (await text(process.stdin)).split(/\n\s*\n/).map((document) => document.trim())
console.log('submit: started')
for (const document of documents.filter((one) => one !== '')) {
  await storage.transaction(async (tx) => {
    const documentId = randomUUID()
    await tx.query('insert into documents values ($1, $2)', [documentId, document])
    // The message has the document's id, by which it is found again.
    await outbox.enqueue(tx, 'document.submitted', { documentId, text: document }, { id: documentId })
  })
}
console.log(`submit: ${documents.length} documents`)
await storage.close()
await pool.end()
