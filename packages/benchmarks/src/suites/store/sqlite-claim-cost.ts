import { type Benchmark, type BenchSettings, scaled } from '../../harness/benchmark.ts'
import { type Contender, contest } from '../../harness/contest.ts'
import { type BenchResult, resultOf, thousands } from '../../harness/result.ts'
import { SourceLoop } from '../../relaying/source-loop.ts'
import { openStorage } from '../../sqlite/open-storage.ts'
import { type OutboxContents, payloadBytes } from '../../sqlite/outbox-file.ts'
import { type Scratch, withScratch } from '../../sqlite/scratch.ts'

const batchSize = 500
const claimsPerSample = 12

/** What a claim of 500 costs, whatever waits and whatever is kept. */
export const sqliteClaimCost: Benchmark = {
  suite: 'store',
  storage: 'sqlite',
  name: 'cost of a claim of 500',
  run: (settings) => {
    const few = 10_000
    const many = scaled(settings, 1_000_000, 20_000)
    // What the samples use up, with what they need to begin.
    const used = (settings.rounds + 1) * (claimsPerSample + 4) * batchSize
    return withFilled([{ pending: few }, { pending: many + used }, { kept: many, pending: few + used }], (filled) =>
      race(filled, many, settings),
    )
  },
}

async function race(
  filled: readonly Scratch[],
  manyRows: number,
  settings: BenchSettings,
): Promise<readonly BenchResult[]> {
  const [few, many, kept] = filled
  if (few === undefined || many === undefined || kept === undefined) throw new RangeError('Three databases are needed')
  const contenders = [
    { name: 'few', sample: () => few.withCopy((file) => claimMicroseconds(file, false)) },
    { name: 'many', sample: () => claimMicroseconds(many.file, false) },
    { name: 'kept', sample: () => claimMicroseconds(kept.file, true) },
  ] satisfies readonly Contender[]
  const result = await contest(contenders, settings)
  const figure = (name: string, contender: string) =>
    resultOf({
      name: `cost of a claim of 500, ${name}, rows of ${payloadBytes} bytes`,
      rate: result.median(contender),
      unit: 'µs',
      ...(contender === 'few'
        ? {}
        : { comparison: { against: '10,000 pending', ratio: result.ratio(contender, 'few') } }),
      ...(contender === 'few' ? {} : { target: { of: 'ratio', atLeast: 0.8, atMost: 1.2 } }),
    })
  return [
    figure('10,000 pending', 'few'),
    figure(`${thousands(manyRows)} pending`, 'many'),
    figure(`10,000 pending after ${thousands(manyRows)} kept`, 'kept'),
  ]
}

async function claimMicroseconds(file: string, keeps: boolean): Promise<number> {
  await using opened = openStorage(file, { keeps })
  const loop = await SourceLoop.start(opened.storage, { batchSize })
  for (let claim = 0; claim < claimsPerSample; claim++) await loop.next()
  await loop.end()
  return (loop.claimMs / loop.claims) * 1000
}

function withFilled<T>(
  contents: readonly OutboxContents[],
  work: (filled: readonly Scratch[]) => Promise<T>,
  filled: readonly Scratch[] = [],
): Promise<T> {
  const [next, ...rest] = contents
  if (next === undefined) return work(filled)
  return withScratch(next, (scratch) => withFilled(rest, work, [...filled, scratch]))
}
