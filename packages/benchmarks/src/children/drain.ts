import { routeBy } from '../brokers/brokers.ts'
import { runAsChild } from '../harness/as-child.ts'
import type { Broker } from '../harness/benchmark.ts'
import { median } from '../harness/statistics.ts'
import { type Contestant, type Drain, drainBy } from '../relaying/contestants.ts'

export interface DrainInput extends Omit<Drain, 'route'> {
  readonly contestant: Contestant
  readonly broker: Broker
  readonly client: string
}

export interface DrainReport {
  readonly messagesPerSecond: number
  /** Most memory that the process has had resident. */
  readonly peakMegabytes: number
  /** Resident memory in the last quarter of the time, as a share of that in the second. */
  readonly growth: number
}

const everyMs = 50

await runAsChild<DrainInput, DrainReport>(async ({ contestant, broker, client, ...drain }) => {
  const samples = [process.memoryUsage.rss()]
  const timer = setInterval(() => samples.push(process.memoryUsage.rss()), everyMs)
  const messagesPerSecond = await drainBy(contestant, { ...drain, route: routeBy(broker, client) })
  clearInterval(timer)
  samples.push(process.memoryUsage.rss())
  const quarter = (which: number) =>
    median(samples.slice(Math.floor((samples.length * which) / 4)).slice(0, Math.ceil(samples.length / 4)))
  return {
    messagesPerSecond,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
    growth: quarter(3) / quarter(1),
  }
})
