import { Relay } from '@waybill/core'
import { type Address, openStorageOf } from '../backlogs/address.ts'
import type { Place } from '../brokers/broker.ts'
import { routeBy } from '../brokers/brokers.ts'
import { runAsChild } from '../harness/as-child.ts'
import type { Broker } from '../harness/benchmark.ts'
import { ackStampingPublisher } from '../relaying/ack-stamping-publisher.ts'

export interface BrokerRelayInput {
  readonly address: Address
  readonly broker: Broker
  readonly client: string
  readonly place: Place
}

/** When the broker had confirmed each message, by id. */
export type BrokerRelayReport = readonly (readonly [string, number])[]

await runAsChild<BrokerRelayInput, BrokerRelayReport>(async ({ address, broker, client, place }, parent) => {
  await using opened = openStorageOf(address, { keeps: false, wakeups: true })
  const { publisher, stamps } = ackStampingPublisher(routeBy(broker, client).openPublisher(place))
  await using relay = new Relay({ storage: opened.storage, publisher })
  await relay.start()
  parent.ready()
  await parent.stopped
  return [...stamps]
})
