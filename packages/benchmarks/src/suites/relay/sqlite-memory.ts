import { join } from 'node:path'
import type { RelayInput, RelayReport } from '../../children/relay.ts'
import { type Benchmark, type BenchSettings, scaled } from '../../harness/benchmark.ts'
import { startChild } from '../../harness/child.ts'
import { type Contender, contest } from '../../harness/contest.ts'
import { withDirectory } from '../../harness/directory.ts'
import { type BenchResult, resultOf, thousands } from '../../harness/result.ts'
import { payloadBytes } from '../../sqlite/outbox-file.ts'
import { type Scratch, withScratch } from '../../sqlite/scratch.ts'

const fewRows = 10_000
const relay = new URL('../../children/relay.ts', import.meta.url)

/**
 * V8 lets the objects that are young take more memory the more the machine has (128 MB of 24 GB), whatever a program does.
 * So they are bounded, to what was long the default; and once they are not, to show the difference.
 */
const boundedYoung = ['--max-semi-space-size=16']

/** Memory of a relay's whole process, Node included, while it publishes a backlog. */
export const sqliteMemory: Benchmark = {
  suite: 'relay',
  storage: 'sqlite',
  name: 'memory while a backlog is published',
  run: (settings) =>
    withScratch({ pending: fewRows }, (few) => {
      const rows = scaled(settings, 1_000_000, 2 * fewRows)
      return withScratch({ pending: rows }, (many) =>
        withDirectory((directory) => measure({ few, many, rows, cache: join(directory, 'cache'), settings })),
      )
    }),
}

interface Measured {
  readonly few: Scratch
  readonly many: Scratch
  readonly rows: number
  /** Keeps the compiled modules: a process that strips types takes 30 MB for that alone, and a published package has none. */
  readonly cache: string
  readonly settings: BenchSettings
}

async function measure({ few, many, rows, cache, settings }: Measured): Promise<readonly BenchResult[]> {
  const peak = (name: string, scratch: Scratch, execArgv: readonly string[]): Contender => ({
    name,
    sample: () =>
      scratch.withCopy(async (file) => {
        const input: RelayInput = { file, until: 'drained' }
        const options = { execArgv, env: { NODE_COMPILE_CACHE: cache } }
        return (await startChild<RelayInput, RelayReport>(relay, input, options).report).peakMegabytes
      }),
  })
  const contenders = [peak('few', few, boundedYoung), peak('many', many, boundedYoung), peak('unbounded', many, [])]
  // Each sample is a process of its own, and memory varies little.
  const result = await contest(contenders, { ...settings, rounds: Math.min(settings.rounds, 3) })
  const figure = (name: string, contender: string) => ({
    name: `memory of a relay, ${thousands(rows)} rows of ${payloadBytes} bytes waiting, ${name}`,
    rate: result.median(contender),
    unit: 'MB',
  })
  return [
    resultOf({
      ...figure(boundedYoung.join(' '), 'many'),
      comparison: { against: `${thousands(fewRows)} rows waiting`, ratio: result.ratio('many', 'few') },
      target: { of: 'rate', atMost: 150 },
    }),
    resultOf(figure("Node's defaults on this machine", 'unbounded')),
  ]
}
