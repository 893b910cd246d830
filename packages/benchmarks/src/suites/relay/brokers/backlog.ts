import type { RelayStorage } from '../../../backlogs/address.ts'
import { type Backlog, withBacklog } from '../../../backlogs/backlog.ts'
import type { Destination, Route } from '../../../brokers/broker.ts'
import { routesTo, withDestination } from '../../../brokers/brokers.ts'
import { type Benchmark, type BenchSettings, type Broker, scaled } from '../../../harness/benchmark.ts'
import { collectGarbage } from '../../../harness/collect-garbage.ts'
import { type Contender, contest } from '../../../harness/contest.ts'
import { type BenchResult, thousands } from '../../../harness/result.ts'
import { batchSize, type Contestant, contestants, drainBy } from '../../../relaying/contestants.ts'
import { contenderName, verdictsOn } from './verdicts.ts'

const size = 20_000
const manyKeys = 1000
/** Enough for figures to quote; more would take too long with all storages and brokers. */
const roundsAtMost = 5

/** A backlog on its way to a broker by a relay, beside what somebody would write by hand and the client by itself. */
export function brokerBacklog(storage: RelayStorage, broker: Broker, keys: number): Benchmark {
  return {
    suite: 'relay',
    storage,
    broker,
    name: `a backlog of ${thousands(keys)} keys`,
    run: (settings) =>
      withBacklog(storage, settings, (backlog) =>
        withDestination(broker, settings, (destination) =>
          race({ storage, broker, keys, backlog, destination, settings }),
        ),
      ),
  }
}

interface Race {
  readonly storage: RelayStorage
  readonly broker: Broker
  readonly keys: number
  readonly backlog: Backlog
  readonly destination: Destination
  readonly settings: BenchSettings
}

async function race(of: Race): Promise<readonly BenchResult[]> {
  const { storage, broker, keys, settings } = of
  const messages = scaled(settings, size, batchSize * 4)
  const routes = routesTo(broker)
  const contenders = routes.flatMap((route) =>
    contestantsOf(storage).map((each) => contender(of, route, each, messages)),
  )
  const rounds = Math.min(settings.rounds, roundsAtMost)
  const title = `${thousands(messages)} waiting, ${thousands(keys)} keys`
  return verdictsOn({
    storage,
    routes,
    title,
    contest: await contest(contenders, { ...settings, rounds }),
    hasTargets: keys === manyKeys,
  })
}

function contestantsOf(storage: RelayStorage): readonly Contestant[] {
  return storage === 'sqlite' ? contestants.filter((each) => each !== 'leasing' && each !== 'locking') : contestants
}

function contender(
  { keys, backlog, destination }: Race,
  route: Route,
  contestant: Contestant,
  messages: number,
): Contender {
  return {
    name: contenderName(route, contestant),
    async sample() {
      const needsRows = contestant !== 'client'
      const address = await backlog.fill({ count: needsRows ? messages : 1, keys })
      await destination.empty()
      collectGarbage()
      const rate = await drainBy(contestant, { address, route, place: destination.place, messages, keys })
      if (needsRows && (await backlog.hasPending())) throw new Error(`'${contestant}' has left messages behind`)
      const received = await destination.received()
      if (received < messages) throw new Error(`'${contestant}' published ${received} of ${messages} messages`)
      return rate
    },
  }
}
