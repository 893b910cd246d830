import { type Benchmark, scaled } from '../../harness/benchmark.ts'
import { collectGarbage } from '../../harness/collect-garbage.ts'
import { contest } from '../../harness/contest.ts'
import { resultOf, thousands } from '../../harness/result.ts'
import { filledMemoryStorage } from '../../relaying/memory-outbox.ts'
import { SourceLoop } from '../../relaying/source-loop.ts'

const batchSize = 500
const claimsPerSample = 12

/** What a claim of 500 costs, whatever waits. */
export const memoryClaimCost: Benchmark = {
  suite: 'store',
  storage: 'memory',
  name: 'cost of a claim of 500',
  async run(settings) {
    const many = scaled(settings, 300_000, 20_000)
    const cost = (pending: number) => async () => {
      const storage = await filledMemoryStorage(pending)
      const loop = await SourceLoop.start(storage, { batchSize })
      collectGarbage()
      for (let claim = 0; claim < claimsPerSample; claim++) await loop.next()
      return (loop.claimMs / loop.claims) * 1000
    }
    const contenders = [
      { name: 'few', sample: cost(10_000) },
      { name: 'many', sample: cost(many) },
    ]
    const result = await contest(contenders, settings)
    return [
      resultOf({ name: 'cost of a claim of 500, 10,000 pending', rate: result.median('few'), unit: 'µs' }),
      resultOf({
        name: `cost of a claim of 500, ${thousands(many)} pending`,
        rate: result.median('many'),
        unit: 'µs',
        comparison: { against: '10,000 pending', ratio: result.ratio('many', 'few') },
      }),
    ]
  },
}
