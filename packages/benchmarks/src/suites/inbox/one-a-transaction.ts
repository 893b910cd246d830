import type { Message } from '@waybill/core/contracts'
import type { Address, RelayStorage } from '../../backlogs/address.ts'
import { withProducing } from '../../backlogs/producing.ts'
import { outboxMessages, plainMessages } from '../../brokers/plain-message.ts'
import { type Benchmark, type BenchSettings, scaled } from '../../harness/benchmark.ts'
import { collectGarbage } from '../../harness/collect-garbage.ts'
import { type Contender, contest } from '../../harness/contest.ts'
import { perSecond } from '../../harness/per-second.ts'
import { type BenchResult, resultOf } from '../../harness/result.ts'
import type { ConsumingService } from '../../inbox/consuming-service.ts'
import { listSource } from '../../inbox/list-source.ts'
import { type Way, waysOf } from '../../inbox/services.ts'

const batchSize = 500
const keys = 1000
const byHand = 'a receipt by hand'
const guard = 'Inbox.guard'
const consumer = 'Consumer'
const batches = 'Inbox.guardMany'

/** Messages that take effect once, one a transaction, beside what somebody would write by hand; and many a transaction. */
export function oneATransaction(storage: RelayStorage): Benchmark {
  return {
    suite: 'inbox',
    storage,
    name: 'receipt and business write',
    run: (settings) =>
      withProducing(storage, settings, async ({ address }) => {
        const results: BenchResult[] = []
        for (const way of waysOf(storage))
          for (const connections of storage === 'sqlite' ? [1] : [1, 10])
            results.push(...(await race({ address, way, connections, settings })))
        return results
      }),
  }
}

interface Race {
  readonly address: Address
  readonly way: Way
  /** Transactions at once. */
  readonly connections: number
  readonly settings: BenchSettings
}

async function race(of: Race): Promise<readonly BenchResult[]> {
  const { address, way, connections, settings } = of
  const some = messagesOf(scaled(settings, connections === 1 ? 500 : 2000, connections))
  const many = messagesOf(scaled(settings, connections === 1 ? 10_000 : 40_000, connections))
  const each = (apply: (service: ConsumingService, message: Message) => Promise<void>) => (service: ConsumingService) =>
    work(some, connections, (message) => apply(service, message))
  const contenders = [
    contender(
      of,
      byHand,
      some,
      each((service, message) => service.byHand(message, true)),
    ),
    contender(
      of,
      guard,
      some,
      each((service, message) => service.guard(message)),
    ),
    contender(of, consumer, some, (service) => consume(service, some, connections)),
    contender(of, batches, many, (service) => work(chunksOf(many), connections, (chunk) => service.guardMany(chunk))),
  ]
  const result = await contest(contenders, settings)
  const title = `${way.client}, ${connections} at once`
  const single = [guard, consumer].map((name) =>
    resultOf({
      name: `one a transaction, ${name}, ${title}`,
      rate: result.median(name),
      unit: 'messages/s',
      comparison: { against: byHand, ratio: result.ratio(name, byHand) },
      target: { of: 'ratio', atLeast: 0.8 },
    }),
  )
  return [
    ...single,
    resultOf({
      name: `${batchSize} a transaction, ${batches}, ${title}`,
      rate: result.median(batches),
      unit: 'messages/s',
      comparison: { against: `${guard}, one a transaction`, ratio: result.ratio(batches, guard) },
      ...(address.storage === 'postgres' ? { target: { of: 'ratio' as const, atLeast: 10 } } : {}),
    }),
  ]
}

function contender(
  { address, way, connections }: Race,
  name: string,
  messages: readonly Message[],
  run: (service: ConsumingService) => Promise<void>,
): Contender {
  return {
    name,
    async sample() {
      await using service = await way.open(address, connections)
      await warmUp(service, connections)
      collectGarbage()
      const before = await service.count()
      const rate = await perSecond(async () => {
        await run(service)
        return messages.length
      })
      const invoices = (await service.count()) - before
      if (invoices !== messages.length) throw new Error(`'${name}' made ${invoices} invoices of ${messages.length}`)
      return rate
    },
  }
}

/** Connections and statements that are new. Its messages have ids that the others do not have. */
async function warmUp(service: ConsumingService, connections: number): Promise<void> {
  const messages = messagesOf(connections).map((message) => ({ ...message, id: `warm-${message.id}` }))
  await Promise.all(messages.map((message) => service.guard(message)))
  await Promise.all(messages.map((message) => service.byHand({ ...message, id: `by-hand-${message.id}` }, true)))
}

/** As many workers as connections, each with the next item. */
async function work<T>(items: readonly T[], workers: number, apply: (item: T) => Promise<void>): Promise<void> {
  let next = 0
  const serve = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await apply(item)
  }
  await Promise.all(Array.from({ length: workers }, serve))
}

async function consume(service: ConsumingService, messages: readonly Message[], concurrency: number): Promise<void> {
  const done = Promise.withResolvers<void>()
  let left = messages.length
  await using _consumer = await service.subscribe({
    source: listSource(messages),
    group: 'billing',
    concurrency,
    onProcessed: () => {
      left -= 1
      if (left === 0) done.resolve()
    },
    onError: done.reject,
  })
  await done.promise
}

function messagesOf(count: number): readonly Message[] {
  return outboxMessages(plainMessages(count, keys))
}

function chunksOf(messages: readonly Message[]): readonly (readonly Message[])[] {
  return Array.from({ length: Math.ceil(messages.length / batchSize) }, (_, chunk) =>
    messages.slice(chunk * batchSize, (chunk + 1) * batchSize),
  )
}
