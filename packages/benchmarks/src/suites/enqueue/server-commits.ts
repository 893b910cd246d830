import { type Benchmark, type BenchSettings, type ServerStorage, scaled } from '../../harness/benchmark.ts'
import { contest } from '../../harness/contest.ts'
import { type BenchResult, resultOf } from '../../harness/result.ts'
import type { OutboxDatabase } from '../../outbox/outbox-database.ts'
import { withOutbox } from '../../outbox/outboxes.ts'
import { commits, type Way } from './commits.ts'

interface Case {
  readonly way: Way
  readonly clients: number
  readonly atLeast: number
}

const own = 'as a statement of its own'
const together = 'in one statement with the order'
const usual: readonly Case[] = [1, 2, 4, 8].map((clients) => ({ way: 'transaction', clients, atLeast: 0.7 }))
const atOnce: readonly Case[] = [
  { way: 'statement', clients: 1, atLeast: 0.85 },
  { way: 'statement', clients: 32, atLeast: 0.75 },
]

/** How many orders a business commits a second, with a message for each and without. */
export function serverCommits(storage: ServerStorage): Benchmark {
  return {
    suite: 'enqueue',
    storage,
    name: 'commits of a transaction with a message',
    run: (settings) => withOutbox(storage, settings, (outbox) => race(storage, outbox, settings)),
  }
}

async function race(storage: ServerStorage, outbox: OutboxDatabase, settings: BenchSettings): Promise<BenchResult[]> {
  const results: BenchResult[] = []
  for (const { way, clients, atLeast } of storage === 'postgres' ? [...usual, ...atOnce] : usual) {
    const work = { outbox, way, clients, transactions: scaled(settings, clients === 1 ? 500 : 2000, clients) }
    const bare = commits({ ...work, withMessage: false })
    const waybill = commits({ ...work, withMessage: true })
    const result = await contest([bare, waybill], settings)
    results.push(
      resultOf({
        name: `a message ${way === 'statement' ? together : own}, ${clients} clients`,
        rate: result.median(waybill.name),
        unit: 'commits/s',
        comparison: { against: 'the same without a message', ratio: result.ratio(waybill.name, bare.name) },
        target: { of: 'ratio', atLeast },
      }),
    )
  }
  return results
}
