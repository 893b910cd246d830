import { setTimeout as sleep } from 'node:timers/promises'
import { Relay } from '@waybill/core'
import { laneCount } from '@waybill/core/lanes'
import { runAsChild } from '../harness/as-child.ts'
import type { ServerStorage } from '../harness/benchmark.ts'
import { openStorageAt } from '../outbox/open-storage.ts'
import { acceptingPublisher } from '../relaying/accepting-publisher.ts'

export interface SharingInput {
  readonly storage: ServerStorage
  readonly url: string
  /** How many relays share the work. */
  readonly relays: number
}

export interface SharingReport {
  readonly published: number
  /** Of the first and of the last batch, by the machine's monotonic clock, in milliseconds. `null`: there was none. */
  readonly firstAt: number | null
  readonly lastAt: number | null
}

const now = () => Number(process.hrtime.bigint() / 1000n) / 1000
/** Short leases: membership is looked after three times in each. */
const options = { leaseMs: 3000, publishTimeoutMs: 2000, pollIntervalMs: 20, idlePollIntervalMs: 20 }

await runAsChild<SharingInput, SharingReport>(async ({ storage, url, relays }, parent) => {
  await using opened = openStorageAt(storage, url, { keeps: false })
  await using relay = new Relay({ storage: opened.storage, publisher: acceptingPublisher(), ...options })
  let [published, firstAt, lastAt] = [0, null as number | null, null as number | null]
  relay.on('published', ({ messages }) => {
    published += messages.length
    lastAt = now()
    firstAt ??= lastAt
  })
  await relay.start()
  const share = Math.ceil(laneCount / relays)
  const leastShare = laneCount - share * (relays - 1)
  for (;;) {
    const { lanes } = await relay.health()
    if (lanes !== null && lanes >= leastShare && lanes <= share) break
    await sleep(20)
  }
  parent.ready()
  await parent.stopped
  return { published, firstAt, lastAt }
})
