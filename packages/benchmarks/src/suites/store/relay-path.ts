import { type Benchmark, type BenchSettings, type ServerStorage, scaled } from '../../harness/benchmark.ts'
import { type Contender, contest } from '../../harness/contest.ts'
import { perSecond } from '../../harness/per-second.ts'
import { type BenchResult, resultOf } from '../../harness/result.ts'
import type { Target } from '../../harness/target.ts'
import type { HandLoop, OutboxDatabase } from '../../outbox/outbox-database.ts'
import { withOutbox } from '../../outbox/outboxes.ts'
import { PipelinedLoop } from '../../relaying/pipelined-loop.ts'
import { SourceLoop } from '../../relaying/source-loop.ts'

const batchSize = 500

/** Claim, markPublishing and settle, against loops written by hand that do the same with every row. */
export function relayPath(storage: ServerStorage, keeps: boolean): Benchmark {
  const name = `claim, mark and settle, rows ${keeps ? 'kept' : 'deleted'}, batch ${batchSize}`
  return {
    suite: 'store',
    storage,
    name,
    run: (settings) => withOutbox(storage, settings, (outbox) => race({ storage, name, keeps, outbox, settings })),
  }
}

interface Race {
  readonly storage: ServerStorage
  readonly name: string
  readonly keeps: boolean
  readonly outbox: OutboxDatabase
  readonly settings: BenchSettings
}

async function race({ storage, name, keeps, outbox, settings }: Race): Promise<readonly BenchResult[]> {
  const pending = scaled(settings, 40_000, batchSize * 4)
  const filled = (name: string, work: () => Promise<number>): Contender => ({
    name,
    async sample() {
      await outbox.empty()
      await outbox.add({ count: pending })
      return work()
    },
  })
  const options = { batchSize, keeps }
  const bare = filled('a loop by hand', async () => drainedPerSecond(await outbox.bareLoop(options)))
  const locked = filled('SKIP LOCKED by hand', async () => drainedPerSecond(await outbox.skipLockedLoop(options)))
  const oneByOne = filled('storage', async () => {
    await using opened = outbox.openStorage({ keeps })
    const loop = await SourceLoop.start(opened.storage, { batchSize })
    return await perSecond(() => loop.drain())
  })
  const pipelined = filled('pipelined', async () => {
    await using opened = outbox.openStorage({ keeps })
    const loop = await PipelinedLoop.start(opened.storage, { batchSize })
    return await perSecond(() => loop.drain())
  })
  const result = await contest([bare, locked, oneByOne, pipelined], settings)
  const figure = (suffix: string, way: Contender, against: Contender, target?: Target) =>
    resultOf({
      name: `${name}${suffix}`,
      rate: result.median(way.name),
      unit: 'messages/s',
      comparison: { against: against.name, ratio: result.ratio(way.name, against.name) },
      ...(target === undefined ? {} : { target }),
    })
  return [
    figure('', oneByOne, bare),
    figure(', as a relay does', pipelined, bare, { of: 'ratio', atLeast: targetOf(storage, keeps) }),
    figure(
      ', as a relay does',
      pipelined,
      locked,
      storage === 'postgres' && !keeps ? { of: 'ratio', atLeast: 3 } : undefined,
    ),
  ]
}

function targetOf(storage: ServerStorage, keeps: boolean): number {
  if (!keeps) return 0.8
  return storage === 'postgres' ? 1 : 0.75
}

async function drainedPerSecond(opened: HandLoop): Promise<number> {
  await using loop = opened
  await loop.next()
  return await perSecond(async () => {
    let sum = 0
    for (let count = await loop.next(); count > 0; count = await loop.next()) sum += count
    return sum
  })
}
