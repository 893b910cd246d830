import { Relay } from '@waybill/core'
import { runAsChild } from '../harness/as-child.ts'
import type { ServerStorage } from '../harness/benchmark.ts'
import { openStorageAt } from '../outbox/open-storage.ts'
import { stampingPublisher } from '../relaying/stamping-publisher.ts'

export interface LatencyInput {
  readonly storage: ServerStorage
  readonly url: string
}

/** When each message was handed to the publisher, by id. */
export type LatencyReport = readonly (readonly [string, number])[]

await runAsChild<LatencyInput, LatencyReport>(async ({ storage, url }, parent) => {
  await using opened = openStorageAt(storage, url, { keeps: false, wakeups: true })
  const { publisher, stamps } = stampingPublisher()
  await using relay = new Relay({ storage: opened.storage, publisher })
  await relay.start()
  parent.ready()
  await parent.stopped
  return [...stamps]
})
