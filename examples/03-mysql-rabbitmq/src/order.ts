import { createInterface } from 'node:readline'
import { z } from 'zod'
import { migrate, pool } from './database.ts'
import { placeOrder, storage } from './shop.ts'

// Places the orders of its standard input, one JSON object a line. Orders that are known already are passed over.

const order = z.object({ orderId: z.string().max(40), sku: z.string(), quantity: z.int().positive() })

await migrate()
console.log('order: started')
const counts = { placed: 0, known: 0, 'out of stock': 0 }
for await (const line of createInterface({ input: process.stdin })) {
  counts[await placeOrder(order.parse(JSON.parse(line)))]++
}
console.log('order:', counts)
await storage.close()
await pool.end()
