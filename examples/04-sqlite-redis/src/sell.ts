import { Outbox } from '@waybill/core'
import { sqliteStorage } from '@waybill/sqlite'
import { config } from './config.ts'
import { openFile } from './database.ts'
import { messages } from './messages.ts'

const sales = 'create table if not exists sales (number integer primary key, cents integer not null)'

export const { database } = await openFile(config.TILL_FILE, sales)
export const storage = sqliteStorage({ database })
const outbox = new Outbox({ storage, messages })
const till = config.TILL_ID

export interface Sale {
  readonly number: number
}

const insertSale = database.prepare<[number], Sale>('insert into sales (cents) values (?) returning number')

const insertAndTell = database.transaction((cents: number): Sale => {
  const sale = insertSale.get(cents)
  if (sale === undefined) throw new Error('SQLite has returned no row')
  outbox.enqueueSync(database, 'sale.made', { till, number: sale.number, cents })
  return sale
})

export interface Takings {
  readonly sales: number
  readonly cents: number
}

const sumUp = database.prepare<[], Takings>('select count(*) as sales, coalesce(sum(cents), 0) as cents from sales')

const countAndTell = database.transaction((): Takings => {
  const takings = sumUp.get() ?? { sales: 0, cents: 0 }
  outbox.enqueueSync(database, 'till.counted', { till, ...takings })
  return takings
})

/** The sale and the message about it commit together, in one synchronous call: nothing of it waits for the network. */
export function sell(cents: number): Sale {
  return insertAndTell.immediate(cents)
}

/** Counts the till, and tells the office what should be in it. */
export function countTill(): Takings {
  return countAndTell.immediate()
}
