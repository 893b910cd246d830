import { Outbox } from '@waybill/core'
import { sqliteStorage } from '@waybill/sqlite'
import { db } from './database.ts'
import { messages } from './messages.ts'

const [id = 'o-1', total = '10', ending] = process.argv.slice(2)
const order = { id, total: Number(total) }
const storage = sqliteStorage({ db })
const outbox = new Outbox({ storage, messages })

await db.transaction().execute(async (tx) => {
  await tx.insertInto('orders').values(order).execute()
  await outbox.enqueue(tx, 'order.placed', order)
  if (ending === 'crash') process.exit(1)
})
console.log(`order ${id} is placed`)
await storage.close()
