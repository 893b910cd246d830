import { Relay } from '@waybill/core'
import type { RelayStorage } from '../../backlogs/address.ts'
import { type Producing, withProducing } from '../../backlogs/producing.ts'
import type { Place, Route } from '../../brokers/broker.ts'
import { routesTo, withDestination } from '../../brokers/brokers.ts'
import { type Benchmark, type BenchSettings, type Broker, scaled } from '../../harness/benchmark.ts'
import { type Contender, contest } from '../../harness/contest.ts'
import { type BenchResult, resultOf, thousands } from '../../harness/result.ts'
import { median, percentile } from '../../harness/statistics.ts'
import { type Contestant, concurrency, contestants, startConsuming } from '../../inbox/contestants.ts'
import { waysOf } from '../../inbox/services.ts'
import { monotonicMs } from '../../relaying/stamping-publisher.ts'
import { produceAtRate } from '../latency/paced-producers.ts'

const perSecond = 100
const seconds = 5
const roundsAtMost = 3

/** From the return of the producer's commit to the return of the consumer's, with an inbox and without. */
export function commitToEffect(storage: RelayStorage, broker: Broker): Benchmark {
  return {
    suite: 'inbox',
    storage,
    broker,
    name: 'commit to effect',
    run: (settings) =>
      withProducing(storage, settings, (producing) =>
        withDestination(broker, settings, async ({ place }) => {
          const results: BenchResult[] = []
          for (const route of routesTo(broker))
            results.push(...(await race({ storage, producing, place, route, settings })))
          return results
        }),
      ),
  }
}

interface Race {
  readonly storage: RelayStorage
  readonly producing: Producing
  readonly place: Place
  readonly route: Route
  readonly settings: BenchSettings
}

async function race(of: Race): Promise<readonly BenchResult[]> {
  const { route, settings } = of
  const messages = scaled(settings, perSecond * seconds, 20)
  const tails = new Map<string, number[]>(contestants.map((name) => [name, []]))
  const contenders = contestants.map(
    (name): Contender => ({
      name,
      async sample() {
        const times = await delaysOf(of, name, messages)
        tails.get(name)?.push(percentile(times, 0.99))
        return percentile(times, 0.5)
      },
    }),
  )
  const result = await contest(contenders, { ...settings, rounds: Math.min(settings.rounds, roundsAtMost) })
  // Without the round that warms up.
  const tailsOf = (name: Contestant) => (tails.get(name) ?? []).slice(1)
  const [consumer, bare] = contestants
  const ratios = tailsOf(consumer).map((figure, round) => figure / (tailsOf(bare)[round] ?? Number.NaN))
  const figures = [
    { of: 'p50', rate: result.median(consumer), other: result.median(bare), ratio: result.ratio(consumer, bare) },
    { of: 'p99', rate: median(tailsOf(consumer)), other: median(tailsOf(bare)), ratio: median(ratios) },
  ]
  return figures.map(({ of: which, rate, other, ratio }) =>
    resultOf({
      name: `commit to effect by ${route.client}, ${thousands(perSecond)}/s, ${which}`,
      rate,
      unit: 'ms',
      comparison: { against: `${bare}, ${other.toFixed(1)} ms`, ratio },
    }),
  )
}

async function delaysOf(
  { storage, producing, route, place }: Race,
  contestant: Contestant,
  messages: number,
): Promise<readonly number[]> {
  const [way] = waysOf(storage)
  await producing.empty()
  await using service = await way.open(producing.address, concurrency)
  const stamps = new Map<string, number>()
  const done = Promise.withResolvers<void>()
  const onProcessed = ({ id }: { readonly id: string }) => {
    stamps.set(id, stamps.get(id) ?? monotonicMs())
    if (stamps.size === messages) done.resolve()
  }
  const onError = (error: Error) => done.reject(error)
  await using shops = producing.openShops()
  await using _consuming = await startConsuming(contestant, { service, route, place, onProcessed, onError })
  await using relay = new Relay({ storage: shops.storage, publisher: route.openPublisher(place) })
  relay.on('error', onError)
  await relay.start()
  const [commits] = await Promise.all([produceAtRate(shops, { perSecond, messages }), done.promise])
  return [...commits].map(([id, committedAt]) => {
    const stampedAt = stamps.get(id)
    if (stampedAt === undefined) throw new Error(`Message ${id} was committed and has no effect`)
    // The effect may be there before the producer has heard of its commit.
    return Math.max(0, stampedAt - committedAt)
  })
}
