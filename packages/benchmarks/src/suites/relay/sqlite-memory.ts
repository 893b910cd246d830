import type { RelayInput, RelayReport } from '../../children/relay.ts'
import { type Benchmark, type BenchSettings, scaled } from '../../harness/benchmark.ts'
import { startChild } from '../../harness/child.ts'
import { contest } from '../../harness/contest.ts'
import { type BenchResult, resultOf, thousands } from '../../harness/result.ts'
import { payloadBytes } from '../../sqlite/outbox-file.ts'
import { type Scratch, withScratch } from '../../sqlite/scratch.ts'

const fewRows = 10_000
const relay = new URL('../../children/relay.ts', import.meta.url)

/** Memory of a relay's whole process, Node included, while it publishes a backlog. */
export const sqliteMemory: Benchmark = {
  suite: 'relay',
  storage: 'sqlite',
  name: 'memory while a backlog is published',
  run: (settings) =>
    withScratch({ pending: fewRows }, (few) => {
      const rows = scaled(settings, 1_000_000, 2 * fewRows)
      return withScratch({ pending: rows }, (many) => measure({ few, many, rows, settings }))
    }),
}

interface Measured {
  readonly few: Scratch
  readonly many: Scratch
  readonly rows: number
  readonly settings: BenchSettings
}

async function measure({ few, many, rows, settings }: Measured): Promise<readonly BenchResult[]> {
  const peak = (scratch: Scratch) => () =>
    scratch.withCopy(async (file) => {
      const { report } = startChild<RelayInput, RelayReport>(relay, { file, until: 'drained' })
      return (await report).peakMegabytes
    })
  // Nothing warms up here: each sample is a process of its own.
  const rounds = Math.min(settings.rounds, 3)
  const contenders = [
    { name: 'few', sample: peak(few) },
    { name: 'many', sample: peak(many) },
  ]
  const result = await contest(contenders, { ...settings, rounds })
  return [
    resultOf({
      name: `memory of a relay, ${thousands(rows)} rows of ${payloadBytes} bytes waiting`,
      rate: result.largest('many'),
      unit: 'MB',
      comparison: { against: `${thousands(fewRows)} rows waiting`, ratio: result.ratio('many', 'few') },
      target: { of: 'rate', atMost: 150 },
    }),
  ]
}
