import { setTimeout as sleep } from 'node:timers/promises'
import { Relay } from '@waybill/core'
import type { RelayStorage } from '../../backlogs/address.ts'
import { type Producing, withProducing } from '../../backlogs/producing.ts'
import type { Place, Route } from '../../brokers/broker.ts'
import { routesTo, withDestination } from '../../brokers/brokers.ts'
import { plainMessages } from '../../brokers/plain-message.ts'
import type { BrokerRelayInput, BrokerRelayReport } from '../../children/broker-relay.ts'
import { type Benchmark, type BenchSettings, type Broker, scaled } from '../../harness/benchmark.ts'
import { startChild } from '../../harness/child.ts'
import { type Contender, contest } from '../../harness/contest.ts'
import { type BenchResult, resultOf, thousands } from '../../harness/result.ts'
import { median, percentile } from '../../harness/statistics.ts'
import { ackStampingPublisher } from '../../relaying/ack-stamping-publisher.ts'
import { produceAtRate } from './paced-producers.ts'

const module = new URL('../../children/broker-relay.ts', import.meta.url)
const rates = [100, 1000] as const
const roundsAtMost = 3

/**
 * From the return of a commit that the caller makes himself to the broker's confirmation, beside what the broker takes to
 * confirm a message that is sent to it directly, one at a time, at the same pace.
 */
export function commitToAck(storage: RelayStorage, broker: Broker): Benchmark {
  return {
    suite: 'latency',
    storage,
    broker,
    name: 'commit to ack',
    run: (settings) =>
      withProducing(storage, settings, (producing) =>
        withDestination(broker, settings, async ({ place }) => {
          const results: BenchResult[] = []
          for (const route of routesTo(broker))
            for (const perSecond of rates)
              results.push(...(await measure({ storage, producing, place, route, perSecond, settings })))
          return results
        }),
      ),
  }
}

interface Measured {
  readonly storage: RelayStorage
  readonly producing: Producing
  readonly place: Place
  readonly route: Route
  readonly perSecond: number
  readonly settings: BenchSettings
}

async function measure(of: Measured): Promise<readonly BenchResult[]> {
  const { storage, route, perSecond, settings } = of
  const messages = scaled(settings, perSecond * (perSecond < 1000 ? 4 : 2), 20)
  const tails = new Map<string, number[]>()
  const contender = (name: string, work: () => Promise<readonly number[]>): Contender => ({
    name,
    async sample() {
      const times = await work()
      tails.set(name, [...(tails.get(name) ?? []), percentile(times, 0.99)])
      return percentile(times, 0.5)
    },
  })
  const places = [
    contender('in the same process', () => besideProducers(of, messages)),
    contender('in another process', () => inAnotherProcess(of, messages)),
  ]
  const broker = contender('broker', () => directly(of, messages))
  const result = await contest([broker, ...places], { ...settings, rounds: Math.min(settings.rounds, roundsAtMost) })
  const tailsOf = (name: string) => (tails.get(name) ?? []).slice(1)
  return places.flatMap(({ name }, place) => {
    const title = `commit to ack ${name} by ${route.client}, ${thousands(perSecond)}/s`
    const hasTarget = place === 0 || storage === 'postgres'
    const ack = tailsOf(broker.name)
    const tail = median(tailsOf(name).map((figure, round) => figure - (ack[round] ?? Number.NaN)))
    const above = [
      { name: 'p50', rate: result.difference(name, broker.name), own: result.median(broker.name), atMost: 5 },
      { name: 'p99', rate: tail, own: median(ack), atMost: 30 },
    ]
    return above.map(({ name: which, rate, own, atMost }) =>
      resultOf({
        name: `${title}, ${which} above the broker's own ${own.toFixed(1)} ms`,
        rate,
        unit: 'ms',
        ...(hasTarget ? { target: { of: 'rate' as const, atMost } } : {}),
      }),
    )
  })
}

/** The client by itself, in the process that measures. */
async function directly({ route, place, perSecond }: Measured, count: number): Promise<readonly number[]> {
  await using sender = await route.openSender(place)
  const messages = plainMessages(count, 1000)
  const times: number[] = []
  const startedAt = performance.now()
  const sending = messages.map(async (message, number) => {
    await sleep(Math.max(0, startedAt + (number / perSecond) * 1000 - performance.now()))
    const sentAt = performance.now()
    await sender.send([message])
    // As for the producers, the first tenth warms up.
    if (number >= count / 10) times.push(performance.now() - sentAt)
  })
  await Promise.all(sending)
  return times
}

async function besideProducers({ producing, route, place, perSecond }: Measured, messages: number): Promise<number[]> {
  await producing.empty()
  await using shops = producing.openShops()
  const { publisher, stamps } = ackStampingPublisher(route.openPublisher(place))
  await using relay = new Relay({ storage: shops.storage, publisher })
  await relay.start()
  const commits = await produceAtRate(shops, { perSecond, messages })
  await producing.drained()
  return delays(commits, stamps)
}

async function inAnotherProcess({ producing, route, place, perSecond }: Measured, messages: number): Promise<number[]> {
  await producing.empty()
  const { broker, client } = route
  const input: BrokerRelayInput = { address: producing.address, broker, client, place }
  const child = startChild<BrokerRelayInput, BrokerRelayReport>(module, input)
  await child.ready
  await using shops = producing.openShops()
  const commits = await produceAtRate(shops, { perSecond, messages })
  await producing.drained()
  child.stop()
  return delays(commits, new Map(await child.report))
}

function delays(commits: ReadonlyMap<string, number>, stamps: ReadonlyMap<string, number>): number[] {
  return [...commits].map(([id, committedAt]) => {
    const stampedAt = stamps.get(id)
    if (stampedAt === undefined) throw new Error(`Message ${id} was committed and not published`)
    // The broker may have the message before the producer has heard of its commit.
    return Math.max(0, stampedAt - committedAt)
  })
}
