import { type Benchmark, type BenchSettings, scaled } from '../../harness/benchmark.ts'
import { type Contender, contest } from '../../harness/contest.ts'
import { perSecond } from '../../harness/per-second.ts'
import { type BenchResult, resultOf } from '../../harness/result.ts'
import { SourceLoop } from '../../relaying/source-loop.ts'
import { bareLoop } from '../../sqlite/bare-loop.ts'
import { openStorage } from '../../sqlite/open-storage.ts'
import { type Scratch, withScratch } from '../../sqlite/scratch.ts'

/** Claim, markPublishing and settle, against a loop written by hand that does the same with every row. */
export function sqliteRelayPath(batchSize: number, keeps: boolean): Benchmark {
  const name = `claim, mark and settle, rows ${keeps ? 'kept' : 'deleted'}, batch ${batchSize}`
  return {
    suite: 'store',
    storage: 'sqlite',
    name,
    run: (settings) =>
      withScratch({ pending: scaled(settings, 20_000, batchSize * 4) }, (scratch) =>
        race(name, { batchSize, keeps, scratch, settings }),
      ),
  }
}

interface Race {
  readonly batchSize: number
  readonly keeps: boolean
  readonly scratch: Scratch
  readonly settings: BenchSettings
}

async function race(name: string, { batchSize, keeps, scratch, settings }: Race): Promise<readonly BenchResult[]> {
  const bare: Contender = {
    name: 'bare loop',
    sample: () =>
      scratch.withCopy(async (file) => {
        const loop = bareLoop({ file, batchSize, keeps })
        loop.next()
        const rate = await perSecond(loop.drain)
        loop.close()
        return rate
      }),
  }
  const waybill: Contender = {
    name: 'storage',
    sample: () =>
      scratch.withCopy(async (file) => {
        await using opened = openStorage(file, { keeps })
        const loop = await SourceLoop.start(opened.storage, { batchSize })
        const rate = await perSecond(() => loop.drain())
        await loop.end()
        return rate
      }),
  }
  const result = await contest([bare, waybill], settings)
  return [
    resultOf({
      name,
      rate: result.median(waybill.name),
      unit: 'messages/s',
      comparison: { against: `${bare.name} of better-sqlite3`, ratio: result.ratio(waybill.name, bare.name) },
      target: { of: 'ratio', atLeast: keeps ? 0.75 : 0.8 },
    }),
  ]
}
