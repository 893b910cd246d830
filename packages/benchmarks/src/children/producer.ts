import { setTimeout as sleep } from 'node:timers/promises'
import { Outbox } from '@waybill/core'
import { sqliteStorage } from '@waybill/sqlite'
import { runAsChild } from '../harness/as-child.ts'
import { median, percentile } from '../harness/statistics.ts'
import { keyOf, orderPlaced } from '../relaying/sample-message.ts'
import { connect } from '../sqlite/outbox-file.ts'

export interface ProducerInput {
  readonly file: string
  readonly transactionsPerSecond: number
  readonly transactions: number
}

export interface ProducerReport {
  readonly medianMs: number
  readonly p99Ms: number
}

/** Transactions that prepare the process, and do not count. */
const warmUp = 50

await runAsChild<ProducerInput, ProducerReport>(async ({ file, transactionsPerSecond, transactions }) => {
  const database = connect(file)
  const outbox = new Outbox({ storage: sqliteStorage({ database }) })
  const insertOrder = database.prepare('insert into orders (customer, total) values (?, ?)')
  const place = database.transaction((number: number) => {
    const { lastInsertRowid } = insertOrder.run('somebody', number)
    const options = { topic: 'orders', orderingKey: keyOf(number) }
    outbox.enqueueSync(database, 'order.placed', orderPlaced(Number(lastInsertRowid)), options)
  })
  const times: number[] = []
  const startedAt = performance.now()
  for (let number = 0; number < warmUp + transactions; number++) {
    const dueInMs = startedAt + (number / transactionsPerSecond) * 1000 - performance.now()
    if (dueInMs > 0) await sleep(dueInMs)
    const beganAt = performance.now()
    place.immediate(number)
    if (number >= warmUp) times.push(performance.now() - beganAt)
  }
  database.close()
  return { medianMs: median(times), p99Ms: percentile(times, 0.99) }
})
