import { type Benchmark, type BenchSettings, scaled } from '../../harness/benchmark.ts'
import { contest } from '../../harness/contest.ts'
import { type BenchResult, resultOf } from '../../harness/result.ts'
import type { OutboxDatabase } from '../../outbox/outbox-database.ts'
import { withOutbox } from '../../outbox/outboxes.ts'
import { commits } from './commits.ts'

const clients = 8

/** What it costs producers that other processes are told of their messages, one of which listens. */
export const postgresWakeupsCost: Benchmark = {
  suite: 'enqueue',
  storage: 'postgres',
  name: 'what wakeups cost producers',
  run: (settings) => withOutbox('postgres', settings, (outbox) => race(outbox, settings)),
}

async function race(outbox: OutboxDatabase, settings: BenchSettings): Promise<BenchResult[]> {
  await using listener = outbox.openStorage({ keeps: true, wakeups: true })
  await using _subscription = await listener.storage.wakeups?.subscribe(() => undefined)
  const work = {
    outbox,
    way: 'transaction' as const,
    clients,
    transactions: scaled(settings, 4000, clients),
    withMessage: true,
  }
  const silent = commits({ ...work, wakeups: false, name: 'without wakeups' })
  const telling = commits({ ...work, wakeups: true, name: 'with wakeups' })
  const result = await contest([silent, telling], settings)
  return [
    resultOf({
      name: `commits of ${clients} clients whose messages wake relays of other processes`,
      rate: result.median(telling.name),
      unit: 'commits/s',
      comparison: { against: silent.name, ratio: result.ratio(telling.name, silent.name) },
      target: { of: 'ratio', atLeast: 0.95 },
    }),
  ]
}
