import { type Benchmark, scaled } from '../../harness/benchmark.ts'
import { contest } from '../../harness/contest.ts'
import { perSecond } from '../../harness/per-second.ts'
import { resultOf } from '../../harness/result.ts'
import { filledMemoryStorage } from '../../relaying/memory-outbox.ts'
import { SourceLoop } from '../../relaying/source-loop.ts'

/** Claim, markPublishing and settle in memory, where nothing can be compared: it shows what the lane engine itself costs. */
export function memoryRelayPath(batchSize: number): Benchmark {
  const name = `claim, mark and settle, batch ${batchSize}`
  return {
    suite: 'store',
    storage: 'memory',
    name,
    async run(settings) {
      const storage = {
        name: 'storage',
        sample: async () => {
          const filled = await filledMemoryStorage(scaled(settings, 100_000, batchSize * 4))
          const loop = await SourceLoop.start(filled, { batchSize })
          return perSecond(() => loop.drain())
        },
      }
      const result = await contest([storage], settings)
      return [resultOf({ name, rate: result.median(storage.name), unit: 'messages/s' })]
    },
  }
}
