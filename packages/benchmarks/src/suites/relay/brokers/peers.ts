import pg from 'pg'
import { type Backlog, withBacklog } from '../../../backlogs/backlog.ts'
import type { Destination, Route } from '../../../brokers/broker.ts'
import { routesTo, withDestination } from '../../../brokers/brokers.ts'
import { plainMessages } from '../../../brokers/plain-message.ts'
import { type Benchmark, type BenchSettings, type Broker, scaled } from '../../../harness/benchmark.ts'
import { collectGarbage } from '../../../harness/collect-garbage.ts'
import { type Contender, contest } from '../../../harness/contest.ts'
import { type BenchResult, resultOf, thousands } from '../../../harness/result.ts'
import { batchSize, drainBy } from '../../../relaying/contestants.ts'
import { Meter } from '../../../relaying/meter.ts'
import { graphileWorker } from '../../../relaying/peers/graphile-worker.ts'
import type { Peer } from '../../../relaying/peers/peer.ts'
import { pgBoss } from '../../../relaying/peers/pg-boss.ts'
import { pgTransactionalOutbox } from '../../../relaying/peers/pg-transactional-outbox.ts'

const peers: readonly Peer[] = [pgBoss, graphileWorker, pgTransactionalOutbox]
const size = 20_000
const keys = 1000
const roundsAtMost = 5
/** One that has not published all by then has its rate so far. */
const longestMs = 10_000
const relay = 'relay'

/**
 * A backlog on its way to a broker by a relay, rows deleted, beside other libraries that read as many messages of the same size
 * from PostgreSQL, send them by the same client with the same durability, and delete them. The relay keeps the order of each key;
 * the others need not.
 */
export function brokerPeers(broker: Broker): Benchmark {
  return {
    suite: 'relay',
    storage: 'postgres',
    broker,
    name: 'other libraries',
    run: (settings) =>
      withBacklog('postgres', settings, (backlog) =>
        withDestination(broker, settings, (destination) => race({ broker, backlog, destination, settings })),
      ),
  }
}

interface Race {
  readonly broker: Broker
  readonly backlog: Backlog
  readonly destination: Destination
  readonly settings: BenchSettings
}

async function race(of: Race): Promise<readonly BenchResult[]> {
  const { broker, settings } = of
  const [route] = routesTo(broker)
  if (route === undefined) throw new RangeError(`There is no client for ${broker}`)
  const messages = scaled(settings, size, batchSize * 4)
  const contenders = [relayContender(of, route, messages), ...peers.map((peer) => contender(of, route, peer, messages))]
  const result = await contest(contenders, { ...settings, rounds: Math.min(settings.rounds, roundsAtMost) })
  const byRate = peers.toSorted((one, other) => result.median(other.name) - result.median(one.name))
  return byRate.map(({ name }, place) =>
    resultOf({
      name: `${thousands(messages)} waiting, ${thousands(keys)} keys, by ${route.client}, rows deleted`,
      rate: result.median(relay),
      unit: 'messages/s',
      comparison: {
        against: `${name}, ${thousands(Math.round(result.median(name)))}/s`,
        ratio: result.ratio(relay, name),
      },
      ...(place === 0 ? { target: { of: 'ratio' as const, atLeast: 3 } } : {}),
    }),
  )
}

function relayContender({ backlog, destination }: Race, route: Route, messages: number): Contender {
  return {
    name: relay,
    async sample() {
      const address = await backlog.fill({ count: messages, keys })
      await destination.empty()
      collectGarbage()
      const rate = await drainBy(relay, { address, route, place: destination.place, messages, keys })
      await expectReceived(destination, relay, messages)
      return rate
    },
  }
}

function contender({ destination, settings }: Race, route: Route, peer: Peer, messages: number): Contender {
  return {
    name: peer.name,
    async sample() {
      const server = await settings.servers.get('postgres')
      const { url, drop } = await server.createDatabase()
      try {
        await using opened = await peer.open(withoutWaiting(url))
        await opened.fill(plainMessages(messages, keys))
        await analyze(url)
        await destination.empty()
        await using sender = await route.openSender(destination.place)
        collectGarbage()
        const meter = new Meter(messages)
        const publish = async (batch: Parameters<typeof sender.send>[0]) => {
          await sender.send(batch)
          meter.accepted(batch.length)
        }
        const timer = setTimeout(() => meter.end(), longestMs)
        await using _working = await opened.start(publish, (error) => meter.fail(error))
        const rate = await meter.rate.finally(() => clearTimeout(timer))
        await expectReceived(destination, peer.name, meter.count)
        return rate
      } finally {
        await drop()
      }
    },
  }
}

/** The relay settles so: a power cut may undo the newest, and messages are published twice. */
function withoutWaiting(url: string): string {
  const settled = new URL(url)
  settled.searchParams.set('options', '-c synchronous_commit=off')
  return settled.href
}

/** As the outbox of the relay: without statistics, plans are of no use. */
async function analyze(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('vacuum analyze')
  await client.end()
}

async function expectReceived(destination: Destination, name: string, least: number): Promise<void> {
  const received = await destination.received()
  if (received < least) throw new Error(`'${name}' published ${received} of ${least} messages`)
}
