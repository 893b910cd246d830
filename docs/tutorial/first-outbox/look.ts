import { sqliteStorage } from '@waybill/sqlite'
import { db } from './database.ts'

const storage = sqliteStorage({ db })
const { pending, published, dead } = await storage.count()
const orders = await db.selectFrom('orders').select('id').execute()
const invoices = await db.selectFrom('invoices').select('order_id').execute()

console.log('orders:  ', orders.map(({ id }) => id).join(', ') || 'none')
console.log('messages:', `${pending} pending, ${published} published, ${dead} dead`)
console.log('invoices:', invoices.map((invoice) => invoice.order_id).join(', ') || 'none')
await storage.close()
