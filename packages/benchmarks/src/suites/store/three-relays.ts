import { setTimeout as sleep } from 'node:timers/promises'
import type { SharingInput, SharingReport } from '../../children/sharing-relay.ts'
import { type Benchmark, type BenchSettings, type ServerStorage, scaled } from '../../harness/benchmark.ts'
import { startChild } from '../../harness/child.ts'
import { contest } from '../../harness/contest.ts'
import { type BenchResult, resultOf } from '../../harness/result.ts'
import { median } from '../../harness/statistics.ts'
import type { OutboxDatabase } from '../../outbox/outbox-database.ts'
import { withOutbox } from '../../outbox/outboxes.ts'

const relay = new URL('../../children/sharing-relay.ts', import.meta.url)

/** Relays in processes of their own that have shared the lanes among them before the messages come. */
export function threeRelays(storage: ServerStorage): Benchmark {
  return {
    suite: 'store',
    storage,
    name: 'three relays',
    run: (settings) => withOutbox(storage, settings, (outbox) => race(storage, outbox, settings)),
  }
}

async function race(storage: ServerStorage, outbox: OutboxDatabase, settings: BenchSettings): Promise<BenchResult[]> {
  const messages = scaled(settings, 60_000, 3000)
  const imbalances: number[] = []
  const sharing = async (relays: number): Promise<number> => {
    const reports = await relayTogether({ storage, outbox, relays, messages })
    if (relays > 1) imbalances.push(imbalanceOf(reports))
    return rateOf(reports)
  }
  const three = { name: 'three', sample: () => sharing(3) }
  const one = { name: 'one relay', sample: () => sharing(1) }
  const result = await contest([three, one], settings)
  return [
    resultOf({
      name: 'three relays with nothing to publish, together',
      rate: result.median(three.name),
      unit: 'messages/s',
      comparison: { against: one.name, ratio: result.ratio(three.name, one.name) },
      target: { of: 'ratio', atLeast: 0.75 },
    }),
    resultOf({
      name: 'three relays: the one that is furthest from the mean of what they publish',
      rate: median(imbalances) * 100,
      unit: '%',
      target: { of: 'rate', atMost: 20 },
    }),
  ]
}

interface Together {
  readonly storage: ServerStorage
  readonly outbox: OutboxDatabase
  readonly relays: number
  readonly messages: number
}

async function relayTogether({ storage, outbox, relays, messages }: Together): Promise<readonly SharingReport[]> {
  await outbox.empty()
  const input: SharingInput = { storage, url: outbox.url, relays }
  const children = Array.from({ length: relays }, () => startChild<SharingInput, SharingReport>(relay, input))
  await Promise.all(children.map((child) => child.ready))
  await outbox.add({ count: messages })
  while (await outbox.hasPending()) await sleep(50)
  for (const child of children) child.stop()
  return await Promise.all(children.map((child) => child.report))
}

function rateOf(reports: readonly SharingReport[]): number {
  const published = sum(reports.map((report) => report.published))
  const firstAt = Math.min(...reports.map((report) => report.firstAt ?? Number.POSITIVE_INFINITY))
  const lastAt = Math.max(...reports.map((report) => report.lastAt ?? Number.NEGATIVE_INFINITY))
  return (published / (lastAt - firstAt)) * 1000
}

function imbalanceOf(reports: readonly SharingReport[]): number {
  const mean = sum(reports.map((report) => report.published)) / reports.length
  return Math.max(...reports.map((report) => Math.abs(report.published - mean) / mean))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
