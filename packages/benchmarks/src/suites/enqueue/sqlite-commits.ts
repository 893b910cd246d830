import { Outbox } from '@waybill/core'
import { sqliteStorage } from '@waybill/sqlite'
import { Kysely, SqliteDialect } from 'kysely'
import { type Benchmark, type BenchSettings, scaled } from '../../harness/benchmark.ts'
import { type Contender, contest } from '../../harness/contest.ts'
import { perSecond } from '../../harness/per-second.ts'
import { type BenchResult, resultOf } from '../../harness/result.ts'
import { keyOf, orderPlaced } from '../../relaying/sample-message.ts'
import { connect } from '../../sqlite/outbox-file.ts'
import { type Scratch, withScratch } from '../../sqlite/scratch.ts'

/** How many transactions of a business commit a second, with a message in each and without. */
export const sqliteCommits: Benchmark = {
  suite: 'enqueue',
  storage: 'sqlite',
  name: 'commits of a transaction with a message',
  run: (settings) => withScratch({ pending: 0 }, (scratch) => race(scratch, settings)),
}

async function race(scratch: Scratch, settings: BenchSettings): Promise<readonly BenchResult[]> {
  const work: Work = { scratch, transactions: scaled(settings, 3000, 20) }
  const pairs = [
    { way: 'better-sqlite3', bare: driver(work, false), waybill: driver(work, true) },
    { way: 'Kysely', bare: kysely(work, false), waybill: kysely(work, true) },
  ]
  const result = await contest(
    pairs.flatMap(({ bare, waybill }) => [bare, waybill]),
    settings,
  )
  return pairs.map(({ way, bare, waybill }) =>
    resultOf({
      name: `commits of a transaction with a message, ${way}`,
      rate: result.median(waybill.name),
      unit: 'commits/s',
      comparison: { against: 'the same without a message', ratio: result.ratio(waybill.name, bare.name) },
    }),
  )
}

interface Work {
  readonly scratch: Scratch
  readonly transactions: number
}

function driver({ scratch, transactions }: Work, withMessage: boolean): Contender {
  return {
    name: `better-sqlite3, ${withMessage ? 'with' : 'without'}`,
    sample: () =>
      scratch.withCopy(async (file) => {
        const database = connect(file)
        const outbox = new Outbox({ storage: sqliteStorage({ database }) })
        const insert = database.prepare('insert into orders (customer, total) values (?, ?)')
        const transaction = database.transaction((number: number) => {
          insert.run('somebody', number)
          const options = { topic: 'orders', orderingKey: keyOf(number) }
          if (withMessage) outbox.enqueueSync(database, 'order.placed', orderPlaced(number), options)
        })
        const rate = await perSecond(() => {
          for (let number = 0; number < transactions; number++) transaction.immediate(number)
          return transactions
        })
        database.close()
        return rate
      }),
  }
}

interface Orders {
  readonly orders: { readonly customer: string; readonly total: number }
}

function kysely({ scratch, transactions }: Work, withMessage: boolean): Contender {
  return {
    name: `Kysely, ${withMessage ? 'with' : 'without'}`,
    sample: () =>
      scratch.withCopy(async (file) => {
        const db = new Kysely<Orders>({ dialect: new SqliteDialect({ database: connect(file) }) })
        const outbox = new Outbox({ storage: sqliteStorage({ db }) })
        const place = (number: number) =>
          db.transaction().execute(async (tx) => {
            await tx.insertInto('orders').values({ customer: 'somebody', total: number }).execute()
            const options = { topic: 'orders', orderingKey: keyOf(number) }
            if (withMessage) await outbox.enqueue(tx, 'order.placed', orderPlaced(number), options)
          })
        const rate = await perSecond(async () => {
          for (let number = 0; number < transactions; number++) await place(number)
          return transactions
        })
        await db.destroy()
        return rate
      }),
  }
}
