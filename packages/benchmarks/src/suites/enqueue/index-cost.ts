import { type Benchmark, type BenchSettings, type ServerStorage, scaled } from '../../harness/benchmark.ts'
import { contest } from '../../harness/contest.ts'
import { type BenchResult, resultOf } from '../../harness/result.ts'
import type { OutboxDatabase } from '../../outbox/outbox-database.ts'
import { withOutbox } from '../../outbox/outboxes.ts'
import { commits } from './commits.ts'

const clients = 8

/** What indexes that only operators need cost producers. */
export function indexCost(storage: ServerStorage): Benchmark {
  return {
    suite: 'enqueue',
    storage,
    name: "what operators' indexes cost producers",
    run: (settings) => withOutbox(storage, settings, (asIs) => race(storage, asIs, settings)),
  }
}

async function race(storage: ServerStorage, asIs: OutboxDatabase, settings: BenchSettings): Promise<BenchResult[]> {
  const work = {
    way: 'transaction' as const,
    clients,
    transactions: scaled(settings, 2000, clients),
    withMessage: true,
    aggregates: true,
  }
  const plain = commits({ ...work, outbox: asIs, name: 'the indexes as they are' })
  const results: BenchResult[] = []
  for (const [name, change] of Object.entries(asIs.indexChanges)) {
    await withOutbox(storage, settings, async (changed) => {
      await changed.change(change)
      const other = commits({ ...work, outbox: changed, name })
      const result = await contest([plain, other], settings)
      results.push(
        resultOf({
          name: `commits of ${clients} clients, ${name}`,
          rate: result.median(name),
          unit: 'commits/s',
          comparison: { against: plain.name, ratio: result.ratio(name, plain.name) },
        }),
      )
    })
  }
  return results
}
