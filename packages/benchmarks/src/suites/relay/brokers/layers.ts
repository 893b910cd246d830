import { Relay } from '@waybill/core'
import type { BrokerPublisher } from '@waybill/core/contracts'
import { type Address, openStorageOf, type RelayStorage } from '../../../backlogs/address.ts'
import { type Backlog, withBacklog } from '../../../backlogs/backlog.ts'
import type { Destination, Route } from '../../../brokers/broker.ts'
import { routesTo, withDestination } from '../../../brokers/brokers.ts'
import { outboxMessages, type PlainMessage, plainMessages } from '../../../brokers/plain-message.ts'
import { type Benchmark, type BenchSettings, type Broker, scaled } from '../../../harness/benchmark.ts'
import { collectGarbage } from '../../../harness/collect-garbage.ts'
import { type Contender, contest } from '../../../harness/contest.ts'
import { type BenchResult, resultOf } from '../../../harness/result.ts'
import { acceptingPublisher } from '../../../relaying/accepting-publisher.ts'
import { batchSize } from '../../../relaying/contestants.ts'
import { PipelinedLoop } from '../../../relaying/pipelined-loop.ts'

const keys = 1000

/** CPU of our process for each message, by layer: what the next one takes more than the one before. */
export function brokerLayers(storage: RelayStorage, broker: Broker): Benchmark {
  return {
    suite: 'relay',
    storage,
    broker,
    name: 'CPU by layer',
    run: (settings) =>
      withBacklog(storage, settings, (backlog) =>
        withDestination(broker, settings, async (destination) => {
          const results: BenchResult[] = []
          for (const route of routesTo(broker))
            results.push(...(await measure({ backlog, destination, route, settings })))
          return results
        }),
      ),
  }
}

interface Measured {
  readonly backlog: Backlog
  readonly destination: Destination
  readonly route: Route
  readonly settings: BenchSettings
}

async function measure({ backlog, destination, route, settings }: Measured): Promise<readonly BenchResult[]> {
  const count = scaled(settings, 20_000, batchSize * 4)
  const messages = plainMessages(count, keys)
  const { place } = destination
  const layer = (name: string, work: (address: Address) => Promise<void>): Contender => ({
    name,
    async sample() {
      const address = await backlog.fill({ count, keys })
      await destination.empty()
      collectGarbage()
      const before = process.cpuUsage()
      await work(address)
      const { user, system } = process.cpuUsage(before)
      return (user + system) / count
    },
  })
  const result = await contest(
    [
      layer('client', () => sendAll(route, place, messages)),
      layer('adapter', () => publishAll(route.openPublisher(place), messages)),
      layer('storage', settleAll),
      layer('core', (address) => relayAll(address, acceptingPublisher())),
      layer('whole', (address) => relayAll(address, route.openPublisher(place))),
    ],
    { ...settings, rounds: Math.min(settings.rounds, 5) },
  )
  const figure = (name: string, rate: number) =>
    resultOf({ name: `CPU by ${route.client}, ${name}`, rate, unit: 'µs a message' })
  return [
    figure('the client by itself', result.median('client')),
    figure('the adapter, without its client', result.difference('adapter', 'client')),
    figure('claim, mark and settle', result.median('storage')),
    figure('the relay, without what it calls', result.difference('core', 'storage')),
    figure('all of it', result.median('whole')),
  ]
}

async function sendAll(route: Route, place: Destination['place'], messages: readonly PlainMessage[]): Promise<void> {
  await using sender = await route.openSender(place)
  for (let from = 0; from < messages.length; from += batchSize)
    await sender.send(messages.slice(from, from + batchSize))
}

async function publishAll(publisher: BrokerPublisher, messages: readonly PlainMessage[]): Promise<void> {
  const options = { signal: new AbortController().signal, timeoutMs: 10_000 }
  const all = outboxMessages(messages)
  for (let from = 0; from < all.length; from += batchSize) {
    const outcomes = await publisher.publish(all.slice(from, from + batchSize), options)
    const failed = outcomes.find(({ type }) => type !== 'accepted')
    if (failed !== undefined) throw new Error(`The broker answered '${failed.type}'`, { cause: failed })
  }
  await publisher.close()
}

async function settleAll(address: Address): Promise<void> {
  await using opened = openStorageOf(address, { keeps: false })
  await (await PipelinedLoop.start(opened.storage, { batchSize })).drain()
}

async function relayAll(address: Address, publisher: BrokerPublisher): Promise<void> {
  await using opened = openStorageOf(address, { keeps: false })
  await using relay = new Relay({ storage: opened.storage, publisher, batchSize })
  await relay.drain()
}
