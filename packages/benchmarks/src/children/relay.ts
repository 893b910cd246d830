import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Relay } from '@waybill/core'
import { runAsChild } from '../harness/as-child.ts'
import { acceptingPublisher } from '../relaying/accepting-publisher.ts'
import { openStorage } from '../sqlite/open-storage.ts'

export interface RelayInput {
  readonly file: string
  /** `drained`: until everything has been published; `stopped`: until the parent says so. */
  readonly until: 'drained' | 'stopped'
}

export interface RelayReport {
  readonly published: number
  readonly messagesPerSecond: number
  /** Longest time for which the event loop could do nothing else, in milliseconds. */
  readonly longestBlockMs: number
  /** Most memory that the process has had resident, in megabytes. */
  readonly peakMegabytes: number
}

await runAsChild<RelayInput, RelayReport>(async ({ file, until }, parent) => {
  await using opened = openStorage(file, { keeps: true })
  const relay = new Relay({ storage: opened.storage, publisher: acceptingPublisher() })
  let published = 0
  relay.on('published', ({ messages }) => {
    published += messages.length
  })
  parent.ready()
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  const startedAt = performance.now()
  if (until === 'drained') {
    await relay.drain()
  } else {
    await relay.start()
    await parent.stopped
    await relay.stop()
  }
  const seconds = (performance.now() - startedAt) / 1000
  delays.disable()
  return {
    published,
    messagesPerSecond: published / seconds,
    longestBlockMs: delays.max / 1e6,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  }
})
