import { Relay } from '@waybill/core'
import type { MemoryStorage } from '@waybill/memory'
import { type Benchmark, type BenchSettings, scaled } from '../../harness/benchmark.ts'
import { collectGarbage } from '../../harness/collect-garbage.ts'
import { contest } from '../../harness/contest.ts'
import { type BenchResult, resultOf } from '../../harness/result.ts'
import { acceptingPublisher } from '../../relaying/accepting-publisher.ts'
import { filledMemoryStorage } from '../../relaying/memory-outbox.ts'
import { SourceLoop } from '../../relaying/source-loop.ts'

/** CPU that the relay itself takes, beyond that of the calls which it makes. */
export function memoryCpu(batchSize: number): Benchmark {
  const name = `the relay's own CPU, batch ${batchSize}`
  return { suite: 'relay', storage: 'memory', name, run: (settings) => race(name, batchSize, settings) }
}

async function race(name: string, batchSize: number, settings: BenchSettings): Promise<readonly BenchResult[]> {
  const pending = scaled(settings, 100_000, batchSize * 4)
  const relay = {
    name: 'relay',
    sample: async () => {
      const storage = await filledMemoryStorage(pending)
      return cpuMicroseconds(pending, () => relayAll(storage, batchSize))
    },
  }
  const loop = {
    name: 'loop',
    sample: async () => {
      const storage = await filledMemoryStorage(pending)
      return cpuMicroseconds(pending, () => loopAll(storage, batchSize))
    },
  }
  const result = await contest([relay, loop], settings)
  return [
    resultOf({
      name: `${name}, less that of a loop over the same calls`,
      rate: result.difference(relay.name, loop.name),
      unit: 'µs a message',
      comparison: {
        against: `the loop, with ${result.median(loop.name).toPrecision(3)} µs`,
        ratio: result.ratio(relay.name, loop.name),
      },
      ...(batchSize === 500 ? { target: { of: 'rate', atMost: 3 } } : {}),
    }),
  ]
}

async function relayAll(storage: MemoryStorage, batchSize: number): Promise<number> {
  const relay = new Relay({ storage, publisher: acceptingPublisher(), batchSize })
  const { published } = await relay.drain()
  await relay.stop()
  return published
}

async function loopAll(storage: MemoryStorage, batchSize: number): Promise<number> {
  const loop = await SourceLoop.start(storage, { batchSize, publisher: acceptingPublisher() })
  await loop.drain()
  await loop.end()
  return loop.messages
}

/** Of the whole process, on all threads, per message. */
async function cpuMicroseconds(expected: number, work: () => Promise<number>): Promise<number> {
  collectGarbage()
  const before = process.cpuUsage()
  const count = await work()
  const { user, system } = process.cpuUsage(before)
  if (count !== expected) throw new Error(`${count} of ${expected} messages were published`)
  return (user + system) / count
}
