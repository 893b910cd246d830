import { Outbox } from '@waybill/core'
import { sqliteStorage } from '@waybill/sqlite'
import { Kysely, SqliteDialect } from 'kysely'
import { type Benchmark, type BenchSettings, scaled } from '../../harness/benchmark.ts'
import { type Contender, contest } from '../../harness/contest.ts'
import { perSecond } from '../../harness/per-second.ts'
import { type BenchResult, resultOf } from '../../harness/result.ts'
import { keyOf, orderItem, orderPlaced } from '../../relaying/sample-message.ts'
import { type BareRow, bareInsert, bareRow } from '../../sqlite/bare-insert.ts'
import { connect } from '../../sqlite/outbox-file.ts'
import { type Scratch, withScratch } from '../../sqlite/scratch.ts'

/** Messages that are written in transactions of `size` each, against inserts written by hand. */
export function sqliteEnqueue(size: number): Benchmark {
  const name = `enqueue, ${size} a transaction`
  return {
    suite: 'store',
    storage: 'sqlite',
    name,
    run: (settings) => withScratch({ pending: 0 }, (scratch) => race(name, size, scratch, settings)),
  }
}

async function race(name: string, size: number, scratch: Scratch, settings: BenchSettings): Promise<BenchResult[]> {
  const transactions = scaled(settings, size === 1 ? 3000 : 30_000 / size, 2)
  const work: Work = { scratch, size, transactions }
  const bare = bareInserts(work)
  // Alone in its transaction, a message costs what Kysely's transactions cost, whoever writes it.
  const pairs: readonly (readonly [Contender, Contender])[] = [
    [enqueueSync(work), bare],
    [enqueueMany(work), size === 1 ? kyselyInserts(work) : bare],
  ]
  const result = await contest([...new Set(pairs.flat())], settings)
  return pairs.map(([way, against]) =>
    resultOf({
      name: `${name}, ${way.name}`,
      rate: result.median(way.name),
      unit: 'messages/s',
      comparison: { against: against.name, ratio: result.ratio(way.name, against.name) },
      target: { of: 'ratio', atLeast: 0.8 },
    }),
  )
}

interface BareTables {
  readonly waybill_messages: BareRow
}

interface Work {
  readonly scratch: Scratch
  readonly size: number
  readonly transactions: number
}

function bareInserts({ scratch, size, transactions }: Work): Contender {
  return {
    name: 'bare inserts of better-sqlite3',
    sample: () =>
      scratch.withCopy(async (file) => {
        const database = connect(file)
        const insert = bareInsert(database)
        const transaction = database.transaction((first: number) => {
          for (let id = first; id < first + size; id++) insert(orderPlaced(id))
        })
        const rate = await perSecond(() => times(transactions, size, transaction.immediate))
        database.close()
        return rate
      }),
  }
}

function kyselyInserts({ scratch, transactions }: Work): Contender {
  return {
    name: 'the same insert by Kysely',
    sample: () =>
      scratch.withCopy(async (file) => {
        const db = new Kysely<BareTables>({ dialect: new SqliteDialect({ database: connect(file) }) })
        const rate = await perSecond(async () => {
          for (let id = 0; id < transactions; id++) {
            const insert = (tx: Kysely<BareTables>) =>
              tx
                .insertInto('waybill_messages')
                .values(bareRow(orderPlaced(id)))
                .execute()
            await db.transaction().execute(insert)
          }
          return transactions
        })
        await db.destroy()
        return rate
      }),
  }
}

function enqueueMany({ scratch, size, transactions }: Work): Contender {
  return {
    name: size === 1 ? 'enqueue (Kysely)' : 'enqueueMany (Kysely)',
    sample: () =>
      scratch.withCopy(async (file) => {
        const db = new Kysely<object>({ dialect: new SqliteDialect({ database: connect(file) }) })
        const outbox = new Outbox({ storage: sqliteStorage({ db }) })
        const rate = await perSecond(async () => {
          for (let first = 0; first < transactions * size; first += size) {
            const items = Array.from({ length: size }, (_, index) => orderItem(first + index))
            await db.transaction().execute((tx) => outbox.enqueueMany(tx, items))
          }
          return transactions * size
        })
        await db.destroy()
        return rate
      }),
  }
}

function enqueueSync({ scratch, size, transactions }: Work): Contender {
  return {
    name: 'enqueueSync',
    sample: () =>
      scratch.withCopy(async (file) => {
        const database = connect(file)
        const outbox = new Outbox({ storage: sqliteStorage({ database }) })
        const transaction = database.transaction((first: number) => {
          for (let id = first; id < first + size; id++) {
            const options = { topic: 'orders', orderingKey: keyOf(id) }
            outbox.enqueueSync(database, 'order.placed', orderPlaced(id), options)
          }
        })
        const rate = await perSecond(() => times(transactions, size, transaction.immediate))
        database.close()
        return rate
      }),
  }
}

function times(transactions: number, size: number, work: (first: number) => unknown): number {
  for (let first = 0; first < transactions * size; first += size) work(first)
  return transactions * size
}
