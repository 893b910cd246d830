import { Relay } from '@waybill/core'
import type { BrokerPublisher } from '@waybill/core/contracts'
import { type Address, openHand, openStorageOf } from '../backlogs/address.ts'
import type { Place, Route } from '../brokers/broker.ts'
import { plainMessages } from '../brokers/plain-message.ts'
import { leasingLoop, lockingLoop, pipelinedLoop } from './loops-by-hand.ts'
import { Meter } from './meter.ts'

export const batchSize = 500

/** What works off a backlog, or (`client`) publishes as many messages from memory. */
export const contestants = ['relay', 'relay-keeping', 'client', 'pipelined', 'leasing', 'locking'] as const
export type Contestant = (typeof contestants)[number]

export interface Drain {
  readonly address: Address
  readonly route: Route
  readonly place: Place
  readonly messages: number
  readonly keys: number
}

/** Works the backlog off to its end. Answers messages accepted by the broker a second. */
export async function drainBy(contestant: Contestant, drain: Drain): Promise<number> {
  const meter = new Meter(drain.messages)
  if (contestant === 'relay' || contestant === 'relay-keeping')
    await relay(drain, meter, contestant === 'relay-keeping')
  else if (contestant === 'client') await client(drain, meter)
  else await byHand(contestant, drain, meter)
  if (!meter.isDone)
    throw new Error(`'${contestant}' has ended, and not all of ${drain.messages} messages are published`)
  return await meter.rate
}

async function relay({ address, route, place }: Drain, meter: Meter, keeps: boolean): Promise<void> {
  await using opened = openStorageOf(address, { keeps })
  const publisher = metered(route.openPublisher(place), meter)
  await using relay = new Relay({ storage: opened.storage, publisher, batchSize })
  relay.on('error', (error) => meter.fail(error))
  relay.on('anomaly', ({ messages }) => meter.fail(new Error(`A sweep found ${messages} messages that were lost`)))
  await relay.start()
  await meter.rate
}

function metered(publisher: BrokerPublisher, meter: Meter): BrokerPublisher {
  const { specificationVersion, name, capabilities, readiness } = publisher
  return {
    specificationVersion,
    name,
    capabilities,
    ...(readiness === undefined ? {} : { readiness }),
    async publish(messages, options) {
      const outcomes = await publisher.publish(messages, options)
      const failed = outcomes.find(({ type }) => type !== 'accepted')
      if (failed === undefined) meter.accepted(outcomes.length)
      else meter.fail(new Error(`The broker answered '${failed.type}'`, { cause: failed }))
      return outcomes
    },
    close: () => publisher.close(),
  }
}

async function client({ route, place, messages, keys }: Drain, meter: Meter): Promise<void> {
  const waiting = plainMessages(Math.min(messages, 20_000), keys)
  await using sender = await route.openSender(place)
  for (let sent = 0; sent < messages; ) {
    const from = sent % waiting.length
    const batch = waiting.slice(from, from + Math.min(batchSize, messages - sent))
    await sender.send(batch)
    meter.accepted(batch.length)
    sent += batch.length
  }
}

async function byHand(
  contestant: 'pipelined' | 'leasing' | 'locking',
  { address, route, place }: Drain,
  meter: Meter,
): Promise<void> {
  await using outbox = await openHand(address)
  await using sender = await route.openSender(place)
  const loop = {
    batchSize,
    publish: async (messages: Parameters<typeof sender.send>[0]) => {
      await sender.send(messages)
      meter.accepted(messages.length)
    },
  }
  if (contestant === 'pipelined') return await pipelinedLoop(outbox, loop)
  if (outbox.skipLocked === undefined) throw new RangeError(`${address.storage} has no rows that are locked`)
  if (contestant === 'leasing') await leasingLoop(outbox, outbox.skipLocked, loop)
  else await lockingLoop(outbox.skipLocked, loop)
}
