import type { ProducerInput, ProducerReport } from '../../children/producer.ts'
import type { RelayInput, RelayReport } from '../../children/relay.ts'
import { type Benchmark, type BenchSettings, scaled } from '../../harness/benchmark.ts'
import { startChild } from '../../harness/child.ts'
import { contest } from '../../harness/contest.ts'
import { type BenchResult, resultOf } from '../../harness/result.ts'
import { median } from '../../harness/statistics.ts'
import { type Scratch, withScratch } from '../../sqlite/scratch.ts'

const transactionsPerSecond = 200
/** A round takes half a minute of paced transactions; each is a thousand samples. */
const mostRounds = 5
const producer = new URL('../../children/producer.ts', import.meta.url)
const relay = new URL('../../children/relay.ts', import.meta.url)

/** What a producer and a busy relay, each a process of its own, do to each other. */
export const sqliteNeighbours: Benchmark = {
  suite: 'store',
  storage: 'sqlite',
  name: 'a producer beside a busy relay',
  run: (settings) => withScratch({ pending: scaled(settings, 400_000, 2000) }, (scratch) => measure(scratch, settings)),
}

async function measure(scratch: Scratch, settings: BenchSettings): Promise<readonly BenchResult[]> {
  const transactions = scaled(settings, 1000, 20)
  const relays: RelayReport[] = []
  const alone = {
    name: 'alone',
    sample: () =>
      scratch.withCopy(async (file) => (await produce({ file, transactionsPerSecond, transactions })).p99Ms),
  }
  const beside = {
    name: 'beside',
    sample: () =>
      scratch.withCopy(async (file) => {
        const busy = startChild<RelayInput, RelayReport>(relay, { file, until: 'stopped' })
        await busy.ready
        const { p99Ms } = await produce({ file, transactionsPerSecond, transactions })
        busy.stop()
        relays.push(await busy.report)
        return p99Ms
      }),
  }
  const result = await contest([alone, beside], { ...settings, rounds: Math.min(settings.rounds, mostRounds) })
  return [
    resultOf({
      name: `p99 of a producer's transaction beside a busy relay, ${transactionsPerSecond}/s`,
      rate: result.median(beside.name),
      unit: 'ms',
      comparison: { against: 'the producer alone', ratio: result.ratio(beside.name, alone.name) },
      target: { of: 'rate', atMost: 5 },
    }),
    resultOf({
      name: 'longest block of the event loop of that relay',
      rate: Math.max(...relays.map((report) => report.longestBlockMs)),
      unit: 'ms',
      target: { of: 'rate', atMost: 50 },
    }),
    resultOf({
      name: 'what that relay publishes',
      rate: median(relays.map((report) => report.messagesPerSecond)),
      unit: 'messages/s',
    }),
  ]
}

function produce(input: ProducerInput): Promise<ProducerReport> {
  return startChild<ProducerInput, ProducerReport>(producer, input).report
}
