import type { RelayStorage } from '../../../backlogs/address.ts'
import { type Backlog, withBacklog } from '../../../backlogs/backlog.ts'
import type { Destination } from '../../../brokers/broker.ts'
import { routesTo, withDestination } from '../../../brokers/brokers.ts'
import type { DrainInput, DrainReport } from '../../../children/drain.ts'
import { type Benchmark, type BenchSettings, type Broker, scaled } from '../../../harness/benchmark.ts'
import { startChild } from '../../../harness/child.ts'
import { type Contender, contest } from '../../../harness/contest.ts'
import { type BenchResult, resultOf, thousands } from '../../../harness/result.ts'
import { batchSize, type Contestant } from '../../../relaying/contestants.ts'
import { contenderName, verdictsOn } from './verdicts.ts'

const size = 500_000
const module = new URL('../../../children/drain.ts', import.meta.url)
/** V8 lets young objects take more memory the more the machine has, whatever a program does. */
const execArgv = ['--max-semi-space-size=16']
/** The others are measured with smaller backlogs. */
const contestants: readonly Contestant[] = ['relay', 'client', 'pipelined']

/** A large backlog, one round, each contestant in a process of its own, so that its memory is known. */
export function largeBacklog(storage: RelayStorage, broker: Broker, keys: number): Benchmark {
  return {
    suite: 'relay',
    storage,
    broker,
    name: `a large backlog of ${thousands(keys)} keys`,
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

async function race({ storage, broker, keys, backlog, destination, settings }: Race): Promise<readonly BenchResult[]> {
  const messages = scaled(settings, size, batchSize * 4)
  const title = `${thousands(messages)} waiting, ${thousands(keys)} keys`
  const memory: BenchResult[] = []
  const routes = routesTo(broker)
  const contenders = routes.flatMap((route) =>
    contestants.map((contestant): Contender => {
      const name = contenderName(route, contestant)
      return {
        name,
        async sample() {
          const address = await backlog.fill({ count: contestant === 'client' ? 1 : messages, keys })
          await destination.empty()
          const { client } = route
          const input: DrainInput = { contestant, broker, client, address, place: destination.place, messages, keys }
          const report = await startChild<DrainInput, DrainReport>(module, input, { execArgv }).report
          if (contestant === 'relay') memory.push(...memoryOf(`${title}: ${client}`, report))
          return report.messagesPerSecond
        },
      }
    }),
  )
  const result = await contest(contenders, { ...settings, rounds: 1, warmUp: false })
  const titled = `${title}, one round`
  return [...verdictsOn({ storage, routes, contest: result, title: titled, hasTargets: false }), ...memory]
}

function memoryOf(title: string, { peakMegabytes, growth }: DrainReport): readonly BenchResult[] {
  const name = `${title}, memory of the relay's process`
  return [
    resultOf({
      name,
      rate: peakMegabytes,
      unit: 'MB at most',
      comparison: { against: 'last quarter of the time to its second', ratio: growth },
      target: { of: 'ratio', atMost: 1.1 },
    }),
  ]
}
