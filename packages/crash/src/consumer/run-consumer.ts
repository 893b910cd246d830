import { flushCompileCache } from 'node:module'
import { setTimeout as wait } from 'node:timers/promises'
import { Consumer, exponential, WaybillError } from '@waybill/core'
import type { BrokerConsumer } from '@waybill/core/contracts'
import type { Share } from '../broker/broker.ts'
import { loadConsumer } from '../broker/clients.ts'
import type { Payload } from '../fates.ts'
import { asChild, type Parent } from '../process/as-child.ts'
import { Random } from '../random.ts'
import type { OpenedForWork } from '../storages/storage.ts'
import { loadStorage } from '../storages/storages.ts'
import type { CrashTransaction } from '../storages/tables.ts'
import { effectWriter } from './effect.ts'
import type { ConsumerInput, FromConsumer, ToConsumer } from './protocol.ts'

/** What a consumer is made of. */
export interface ConsumerParts {
  readonly source: BrokerConsumer
  readonly inbox: OpenedForWork['inbox']
}

export type ChangeParts = (parts: ConsumerParts) => ConsumerParts

type ConsumerParent = Parent<ConsumerInput, ToConsumer, FromConsumer>

/** Handlers at once, each with a connection. */
const concurrency = 5
const retry = exponential({ baseMs: 20, maxMs: 200, maxAttempts: 40 })
/** A service that cannot reach its broker when it starts tries again. */
const startWithinMs = 60_000
const startAgainAfterMs = 200

/**
 * A consuming service in a process of its own, until it is told to stop or killed.
 *
 * @param change - Puts other parts in place of ours: for consumers that are broken on purpose.
 */
export async function runConsumer(change: ChangeParts = (parts) => parts): Promise<void> {
  const parent: ConsumerParent = asChild()
  const { input } = parent
  const kind = await loadStorage(input.storage)
  const work = await kind.openForWork(input.database, concurrency)
  const random = new Random(input.seed)
  const write = effectWriter({ label: input.label, random, singleWriter: kind.singleWriter })
  const sources = await Promise.all(input.shares.map((share) => openSource(input, share)))
  const consumers = input.shares.map(({ group, topics }, index) => {
    const consumer = new Consumer<CrashTransaction>({
      ...change({ source: sources[index] as BrokerConsumer, inbox: work.inbox }),
      name: 'effects',
      group,
      topics,
      concurrency,
      retry,
    })
    consumer.on('told', (message, { tx }) => write(message, message.payload as Payload, tx))
    tellOf(consumer, parent)
    return consumer
  })
  parent.onMessage(({ type }) => {
    if (type === 'stop') for (const consumer of consumers) void consumer.stop()
  })
  for (const consumer of consumers) await start(consumer)
  // For the next one: this one may be killed before its end, when it would be done.
  flushCompileCache()
  void parent.send({ type: 'ready' })
  await Promise.all(consumers.map(({ closed }) => closed))
  await work.close()
  parent.disconnect()
}

async function openSource({ broker }: ConsumerInput, share: Share): Promise<BrokerConsumer> {
  const kind = await loadConsumer(broker.broker)
  if (kind === null) throw new Error(`Nobody consumes from the broker '${broker.broker}'`)
  return kind.open(broker, share, note)
}

function tellOf(consumer: Consumer<CrashTransaction>, parent: ConsumerParent): void {
  consumer.on('error', (error) => {
    note(error)
    if (!WaybillError.isInstance(error)) void parent.send({ type: 'defect', text: String(error) })
  })
  consumer.on('reject', ({ message }) => void parent.send({ type: 'rejected', id: message?.id ?? 'without an id' }))
}

async function start(consumer: Consumer<CrashTransaction>): Promise<void> {
  const giveUpAt = performance.now() + startWithinMs
  for (;;) {
    try {
      await consumer.start()
      return
    } catch (error) {
      note(error)
      if (performance.now() > giveUpAt) throw error
      await wait(startAgainAfterMs)
    }
  }
}

function note(error: unknown): void {
  process.stderr.write(`${new Date().toISOString()} ${error instanceof Error ? error.stack : error}\n`)
}
