import { setTimeout as sleep } from 'node:timers/promises'
import { Relay } from '@waybill/core'
import type { LatencyInput, LatencyReport } from '../../children/latency-relay.ts'
import { type Benchmark, type BenchSettings, type ServerStorage, scaled } from '../../harness/benchmark.ts'
import { startChild } from '../../harness/child.ts'
import { contest } from '../../harness/contest.ts'
import { type BenchResult, resultOf, thousands } from '../../harness/result.ts'
import { percentile } from '../../harness/statistics.ts'
import type { OutboxDatabase, ShopStorage } from '../../outbox/outbox-database.ts'
import { withOutbox } from '../../outbox/outboxes.ts'
import { stampingPublisher } from '../../relaying/stamping-publisher.ts'
import { produceAtRate } from './paced-producers.ts'

const relay = new URL('../../children/latency-relay.ts', import.meta.url)
const rates = [100, 1000] as const

/** From the moment when a commit has returned to that when a relay hands the message to its publisher, with 8 producers. */
export function commitToClaim(storage: ServerStorage): Benchmark {
  return {
    suite: 'latency',
    storage,
    name: 'commit to claim',
    run: (settings) => withOutbox(storage, settings, (outbox) => measure(storage, outbox, settings)),
  }
}

type Place = 'in the same process' | 'in another process'

async function measure(
  storage: ServerStorage,
  outbox: OutboxDatabase,
  settings: BenchSettings,
): Promise<BenchResult[]> {
  const places: readonly Place[] =
    storage === 'postgres' ? ['in the same process', 'in another process'] : ['in the same process']
  const cases = places.flatMap((place) => rates.map((perSecond) => ({ place, perSecond, tails: [] as number[] })))
  const contenders = cases.map(({ place, perSecond, tails }) => ({
    name: `${place}, ${perSecond}`,
    async sample() {
      await outbox.empty()
      const messages = scaled(settings, perSecond * (perSecond < 1000 ? 4 : 2), 20)
      const work = { storage, outbox, perSecond, messages }
      const times = await (place === 'in the same process' ? besideProducers(work) : inAnotherProcess(work))
      tails.push(percentile(times, 0.99))
      return percentile(times, 0.5)
    },
  }))
  const result = await contest(contenders, settings)
  return cases.flatMap(({ place, perSecond, tails }, index) => {
    const name = `commit to claim ${place}, ${thousands(perSecond)} messages/s`
    const half = result.median(contenders[index]?.name ?? '')
    // The first sample warms up.
    const tail = percentile(tails.slice(1), 0.5)
    return [
      resultOf({ name: `${name}, p50`, rate: half, unit: 'ms', target: { of: 'rate', atMost: 5 } }),
      resultOf({ name: `${name}, p99`, rate: tail, unit: 'ms', target: { of: 'rate', atMost: 12 } }),
    ]
  })
}

interface Work {
  readonly storage: ServerStorage
  readonly outbox: OutboxDatabase
  readonly perSecond: number
  readonly messages: number
}

async function besideProducers({ outbox, perSecond, messages }: Work): Promise<number[]> {
  await using shops: ShopStorage = outbox.openShops({ wakeups: true })
  const { publisher, stamps } = stampingPublisher()
  await using relay = new Relay({ storage: shops.storage, publisher })
  await relay.start()
  const commits = await produceAtRate(shops, { perSecond, messages })
  while (await outbox.hasPending()) await sleep(20)
  return delays(commits, stamps)
}

async function inAnotherProcess({ storage, outbox, perSecond, messages }: Work): Promise<number[]> {
  const child = startChild<LatencyInput, LatencyReport>(relay, { storage, url: outbox.url })
  await child.ready
  await using shops = outbox.openShops({ wakeups: true })
  const commits = await produceAtRate(shops, { perSecond, messages })
  while (await outbox.hasPending()) await sleep(20)
  child.stop()
  return delays(commits, new Map(await child.report))
}

function delays(commits: ReadonlyMap<string, number>, stamps: ReadonlyMap<string, number>): number[] {
  return [...commits].map(([id, committedAt]) => {
    const stampedAt = stamps.get(id)
    if (stampedAt === undefined) throw new Error(`Message ${id} was committed and not published`)
    // The relay may have the message before the producer has heard of its commit.
    return Math.max(0, stampedAt - committedAt)
  })
}
