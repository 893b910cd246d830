import { Consumer, stopOnSignals } from '@waybill/core'
import { redisStreamsConsumer } from '@waybill/redis-streams'
import { sqliteInbox } from '@waybill/sqlite'
import type { Generated } from 'kysely'
import { config, streams } from './config.ts'
import { openFile } from './database.ts'
import { messages } from './messages.ts'

// The head office, which keeps the books of all tills. What its handlers write through `tx` happens once.

interface Tables {
  books: { entry: Generated<number>; till: string; number: number; cents: number }
  counts: { entry: Generated<number>; till: string; sales: number; cents: number; missing_cents: number }
}

const tables = `
  create table if not exists books (entry integer primary key, till text not null, number integer not null, cents integer not null);
  create table if not exists counts (
    entry integer primary key, till text not null, sales integer not null, cents integer not null,
    missing_cents integer not null
  )`

const { db } = await openFile<Tables>(config.OFFICE_FILE, tables)

// With a name that stays, the office goes on with what it had in hand when it died, before anything newer.
const source = redisStreamsConsumer({ ...streams, consumerName: 'office' })
const consumer = new Consumer({ name: 'books', source, inbox: sqliteInbox({ db }), messages })

consumer.on('sale.made', async ({ payload: { till, number, cents } }, { tx }) => {
  await tx.insertInto('books').values({ till, number, cents }).execute()
})

consumer.on('till.counted', async ({ payload: { till, sales, cents } }, { tx }) => {
  const inBooks = await tx
    .selectFrom('books')
    .select(({ fn }) => fn.sum<number | null>('cents').as('cents'))
    .where('till', '=', till)
    .executeTakeFirstOrThrow()
  await tx
    .insertInto('counts')
    .values({ till, sales, cents, missing_cents: cents - (inBooks.cents ?? 0) })
    .execute()
})

stopOnSignals([consumer])
await consumer.start()
console.log('office: started')
await consumer.closed
await db.destroy()
console.log('office: stopped')
