import { Relay } from '@waybill/core'
import type { RelayStorage } from '../../backlogs/address.ts'
import { openStorageOf } from '../../backlogs/address.ts'
import { type Backlog, withBacklog } from '../../backlogs/backlog.ts'
import type { Destination, Place, Route } from '../../brokers/broker.ts'
import { routesTo, withDestination } from '../../brokers/brokers.ts'
import { plainMessages } from '../../brokers/plain-message.ts'
import { type Benchmark, type BenchSettings, type Broker, scaled } from '../../harness/benchmark.ts'
import { collectGarbage } from '../../harness/collect-garbage.ts'
import { type Contender, contest } from '../../harness/contest.ts'
import { type BenchResult, resultOf, thousands } from '../../harness/result.ts'
import { type Contestant, concurrency, contestants, startConsuming } from '../../inbox/contestants.ts'
import { waysOf } from '../../inbox/services.ts'
import { batchSize } from '../../relaying/contestants.ts'
import { Meter } from '../../relaying/meter.ts'

const keys = 1000
const size = 6000
/**
 * A consumer of Kafka looks twice at what a member that is gone may have had in hand, some hundred messages at the beginning of
 * each partition. So what is measured comes after that, also in a quick look.
 */
const warmUpAtMost = 2000
const warm = 'warm-'
const roundsAtMost = 5

/** A backlog in the outbox that takes effect in the consumer's database, with an inbox and without. */
export function endToEnd(storage: RelayStorage, broker: Broker): Benchmark {
  return {
    suite: 'inbox',
    storage,
    broker,
    name: 'from a backlog to its effects',
    run: (settings) =>
      withBacklog(storage, settings, (backlog) =>
        withDestination(broker, settings, async (destination) => {
          const results: BenchResult[] = []
          for (const route of routesTo(broker))
            results.push(await race({ storage, route, backlog, destination, settings }))
          return results
        }),
      ),
  }
}

interface Race {
  readonly storage: RelayStorage
  readonly route: Route
  readonly backlog: Backlog
  readonly destination: Destination
  readonly settings: BenchSettings
}

async function race(of: Race): Promise<BenchResult> {
  const { route, settings } = of
  const messages = scaled(settings, size, 200)
  const warmUp = Math.min(warmUpAtMost, scaled(settings, warmUpAtMost * 10, 50))
  const contenders = contestants.map((contestant) => contender(of, contestant, { warmUp, messages }))
  const result = await contest(contenders, { ...settings, rounds: Math.min(settings.rounds, roundsAtMost) })
  const [consumer, bare] = contestants
  return resultOf({
    name: `outbox, relay, ${route.client}, ${consumer}, ${thousands(messages)} messages`,
    rate: result.median(consumer),
    unit: 'effects/s',
    comparison: {
      against: `${bare}, ${thousands(Math.round(result.median(bare)))}/s`,
      ratio: result.ratio(consumer, bare),
    },
    target: { of: 'ratio', atLeast: 0.75 },
  })
}

function contender(
  { storage, route, backlog, destination }: Race,
  contestant: Contestant,
  { warmUp, messages }: { readonly warmUp: number; readonly messages: number },
): Contender {
  const [way] = waysOf(storage)
  return {
    name: contestant,
    async sample() {
      const address = await backlog.fill({ count: messages, keys })
      await destination.empty()
      await using service = await way.open(address, concurrency)
      collectGarbage()
      const [warming, meter] = [new Meter(warmUp), new Meter(messages)]
      const { place } = destination
      const onProcessed = ({ id }: { readonly id: string }) => (id.startsWith(warm) ? warming : meter).accepted(1)
      const onError = (error: Error) => {
        warming.fail(error)
        meter.fail(error)
      }
      const rate = await (async () => {
        await using opened = openStorageOf(address, { keeps: false })
        await using _consuming = await startConsuming(contestant, { service, route, place, onProcessed, onError })
        await sendDirectly(route, place, warmUp)
        await warming.rate
        await using relay = new Relay({ storage: opened.storage, publisher: route.openPublisher(place) })
        relay.on('error', onError)
        await relay.start()
        return await meter.rate
      })()
      const invoices = (await service.count()) - warmUp
      if (invoices !== messages) throw new Error(`'${contestant}' made ${invoices} invoices of ${messages} messages`)
      return rate
    },
  }
}

/** By the client, without an outbox. */
async function sendDirectly(route: Route, place: Place, count: number): Promise<void> {
  await using sender = await route.openSender(place)
  const messages = plainMessages(count, keys).map((message) => ({ ...message, id: `${warm}${message.id}` }))
  for (let first = 0; first < count; first += batchSize) await sender.send(messages.slice(first, first + batchSize))
}
