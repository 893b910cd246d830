import { setTimeout as wait } from 'node:timers/promises'
import type { DemoArguments } from './arguments.ts'
import { readCommitted, readEffects } from './databases.ts'
import { isBroken, judge, type Verdict } from './judge.ts'
import { percentile, type Result } from './report.ts'
import { type Stage, setUp, tearDown } from './stage.ts'

/** If nothing has moved for so long, what is missing is lost. */
const patienceMs = 30_000

export interface Outcome {
  readonly result: Result
  readonly verdict: Verdict
  /** Where the databases are; they are kept if a promise was broken. */
  readonly folder: string
}

export interface RunOptions {
  /** Ends the run early; it then rejects with the signal's reason. */
  readonly signal: AbortSignal
  /** Is given a function that says how far the run is. */
  onStart(progress: () => string): void
}

/** Takes orders until all are placed, kills the relay as often as planned, waits for the last effect, then judges. */
export async function run(demo: DemoArguments, { signal, onStart }: RunOptions): Promise<Outcome> {
  const stage = await setUp(demo)
  let keepFolder = false
  try {
    const startedAt = performance.now()
    stage.saboteur.start()
    await stage.billing.start()
    onStart(() => describe(stage, demo))
    await stage.shop.takeOrders(demo.orders, signal)
    await untilDone(stage, demo, signal)
    const seconds = (performance.now() - startedAt) / 1000
    await stage.saboteur.stop()
    await untilDone(stage, demo, signal)
    await stage.billing.stop()
    const verdict = await examine(stage)
    keepFolder = isBroken(verdict)
    return { result: summarise(stage, demo, verdict, seconds), verdict, folder: stage.folder }
  } finally {
    await tearDown(stage, keepFolder)
  }
}

/** Every committed message has been published, every delivery has been dealt with, every planned kill has happened. */
async function untilDone(stage: Stage, demo: DemoArguments, signal: AbortSignal): Promise<void> {
  const { shop, broker, billing, saboteur } = stage
  let last = ''
  let movedAt = performance.now()
  for (;;) {
    signal.throwIfAborted()
    const published = broker.firstAcceptedAt.size >= shop.committedAt.size
    if (published && saboteur.kills < demo.crashes) saboteur.hurry()
    if (published && saboteur.kills >= demo.crashes && billing.handled >= broker.acceptances) return
    const now = `${broker.acceptances} ${billing.handled} ${saboteur.kills}`
    if (now !== last) movedAt = performance.now()
    if (performance.now() - movedAt > patienceMs) return
    last = now
    await wait(20)
  }
}

async function examine({ shopDatabase, billingDatabase, broker }: Stage): Promise<Verdict> {
  const committed = await readCommitted(shopDatabase)
  const effects = await readEffects(billingDatabase)
  return judge({ committed, accepted: broker.log, effects })
}

function summarise(stage: Stage, { seed }: DemoArguments, verdict: Verdict, seconds: number): Result {
  const { shop, broker, billing, saboteur } = stage
  const latencies = [...shop.committedAt].flatMap(([id, committedAt]) => {
    const acceptedAt = broker.firstAcceptedAt.get(id)
    return acceptedAt === undefined ? [] : [acceptedAt - committedAt]
  })
  latencies.sort((left, right) => left - right)
  const [p50, p95, p99] = [percentile(latencies, 0.5), percentile(latencies, 0.95), percentile(latencies, 0.99)]
  return {
    storage: 'sqlite',
    broker: 'memory',
    orders: shop.orders,
    rollbacks: shop.rollbacks,
    messages: shop.committedAt.size,
    published: verdict.published,
    effects: billing.effects,
    duplicates: verdict.duplicates,
    lost: verdict.lost.length,
    phantom: verdict.phantom.length,
    outOfOrder: verdict.outOfOrder.length,
    kills: saboteur.kills,
    seed,
    seconds: Math.round(seconds * 10) / 10,
    messagesPerSecond: Math.round(verdict.published / seconds),
    latencyMs: { p50, p95, p99 },
  }
}

function describe({ shop, broker, billing, saboteur }: Stage, demo: DemoArguments): string {
  const orders = `orders ${shop.orders}/${demo.orders}`
  const messages = `messages ${shop.committedAt.size}, published ${broker.firstAcceptedAt.size}, effects ${billing.effects}`
  const relay = `relay ${saboteur.relayState}, killed ${saboteur.kills}/${demo.crashes}`
  return `${orders} · ${messages} · ${relay}`
}
