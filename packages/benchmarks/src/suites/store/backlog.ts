import { type Benchmark, type BenchSettings, type ServerStorage, scaled } from '../../harness/benchmark.ts'
import type { Contender } from '../../harness/contest.ts'
import { type BenchResult, resultOf, thousands } from '../../harness/result.ts'
import type { OutboxDatabase } from '../../outbox/outbox-database.ts'
import { withOutbox } from '../../outbox/outboxes.ts'
import { relayedPerSecond } from '../../relaying/metered-relay.ts'
import { versus } from './versus.ts'

/** A long outage has left a backlog. The planner first believes that the table is empty, then knows how full it is. */
export function backlog(storage: ServerStorage): Benchmark {
  return {
    suite: 'store',
    storage,
    name: 'a large backlog',
    run: (settings) =>
      withOutbox(storage, settings, (few) => withOutbox(storage, settings, (many) => race(few, many, settings))),
  }
}

async function race(few: OutboxDatabase, many: OutboxDatabase, settings: BenchSettings): Promise<BenchResult[]> {
  const [fewRows, manyRows] = [scaled(settings, 50_000, 2000), scaled(settings, 5_000_000, 10_000)]
  await many.freezeStatistics()
  settings.progress(`${thousands(manyRows)} rows are written`)
  await many.add({ count: manyRows })
  const relayed = (outbox: OutboxDatabase) =>
    relayedPerSecond(outbox.openStorage({ keeps: false }), { messages: fewRows - 500 })
  const against: Contender = {
    name: `${thousands(fewRows)} waiting`,
    async sample() {
      await few.empty()
      await few.add({ count: fewRows })
      return await relayed(few)
    },
  }
  const way: Contender = {
    name: 'backlog',
    async sample() {
      // What the sample before has taken.
      await many.add({ count: fewRows })
      return await relayed(many)
    },
  }
  const name = `${thousands(manyRows)} messages waiting`
  const unaware = { name: `${name}, in a table analysed while it was empty`, way, against, atLeast: 0.75 }
  const results = await versus(unaware, settings)
  const reads = await readsOf(name, many, fewRows * (settings.rounds + 1))
  await many.analyze()
  return [...results, ...reads, ...(await versus({ name, way, against, atLeast: 0.75 }, settings))]
}

/** The plan: rows come from the index of pending rows, few more than are claimed, and the table is never read as a whole. */
async function readsOf(name: string, outbox: OutboxDatabase, messages: number): Promise<BenchResult[]> {
  const scans = await outbox.scans?.()
  if (scans === undefined) return []
  return [
    resultOf({
      name: `${name}: rows read by walking through the table`,
      rate: scans.sequential,
      unit: 'rows',
      target: { of: 'rate', atMost: 0 },
    }),
    resultOf({
      name: `${name}: entries of the index read`,
      rate: scans.indexRows / messages,
      unit: 'a message',
      target: { of: 'rate', atMost: 5 },
    }),
  ]
}
