import type { Duplicates } from './judge/duplicates.ts'
import type { Evidence } from './judge/evidence.ts'
import type { Verdict } from './judge/judge.ts'
import type { RunOptions } from './run-options.ts'
import type { Stage } from './stage.ts'

/** What a run has shown. `--json` prints it as it is. */
export interface CrashReport {
  readonly storage: string
  readonly server: string
  readonly broker: string
  /** Committed. */
  readonly messages: number
  /** Different messages that the broker accepted. */
  readonly published: number
  /** The broker's, for example `Apache Kafka 4.1.1`. */
  readonly brokerServer: string
  /** Effects that consumers have written; null, with the figures that follow, if none ran. */
  readonly effects: number | null
  /** Published, and without an effect. */
  readonly effectsMissing: number | null
  /** Messages with more than one effect. */
  readonly effectsDoubled: number | null
  /** Effects of what never committed so. */
  readonly effectsPhantom: number | null
  /** Out of the order of their key, in the topics of `orderedTopics`. */
  readonly effectsOutOfOrder: number | null
  /** Out of the order of their key in the other topics, where nobody says that there is one. */
  readonly effectsOutOfOrderElsewhere: number | null
  /** Topics in which a key keeps its order up to the effect, as the adapter says. */
  readonly orderedTopics: readonly string[]
  readonly duplicates: number
  /** Why: the relay was killed or crashed, was frozen, got no answer or a no, lost its lease by itself; or nobody knows. */
  readonly duplicatesBy: Duplicates['by']
  readonly lost: number
  readonly phantom: number
  readonly outOfOrder: number
  /** Still pending at the end. */
  readonly unfinished: number
  /** Lines of what is wrong in the tables. */
  readonly wrongFacts: number
  /** Messages that sweeps of relays found where none can be. */
  readonly anomalies: number
  /** Errors in relays and consumers that are mistakes in the code. */
  readonly defects: number
  /** Messages that consumers gave up. */
  readonly rejected: number
  /** Relays and consumers that ended by themselves and were not meant to. */
  readonly failures: number
  /** Dead at the end, all of them with a reason. */
  readonly dead: number
  readonly redriven: number
  readonly rollbacks: number
  readonly relays: number
  readonly consumers: number
  /** Relays and consumers. */
  readonly kills: number
  /** Of the kills, those of consumers. */
  readonly consumerKills: number
  readonly pauses: number
  readonly leaves: number
  /** Deaths of the relay that crashes by itself, and of those that published what ends relays. */
  readonly crashes: number
  readonly brokerRestarts: number
  readonly rows: RunOptions['rows']
  readonly oldBuild: string | null
  readonly seed: number
  readonly seconds: number
  readonly messagesPerSecond: number
  /** From the commit to the broker, takeovers, retries and schedules included. */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number }
}

export interface Outcome {
  readonly report: CrashReport
  /** What is broken, one line each; empty if nothing is. */
  readonly problems: readonly string[]
  /** Where the evidence is, if something is broken. */
  readonly folder: string | null
}

interface Findings {
  readonly stage: Stage
  readonly options: RunOptions
  readonly evidence: Evidence
  readonly verdict: Verdict
  readonly seconds: number
}

export function summarise({ stage, options, evidence, verdict, seconds }: Findings): CrashReport {
  const { history, producers, operator, database, broker } = stage
  const { lost, phantom, outOfOrder, unfinished, wrongFacts, duplicates, dead, published } = verdict
  return {
    storage: options.storage,
    server: database.server,
    broker: options.broker,
    brokerServer: broker.server,
    messages: evidence.committed.length,
    published,
    ...effectFigures(evidence, verdict),
    duplicates: duplicates.count,
    duplicatesBy: duplicates.by,
    lost: lost.length,
    phantom: phantom.length,
    outOfOrder: outOfOrder.length,
    unfinished: unfinished.length,
    wrongFacts: wrongFacts.length,
    anomalies: history.anomalies,
    defects: history.defects.length,
    rejected: history.rejected.length,
    failures: history.ended('failed'),
    dead,
    redriven: operator.redriven,
    rollbacks: producers.rollbacks,
    relays: options.relays,
    consumers: options.consumers,
    kills: history.ended('killed'),
    consumerKills: history.consumers.filter(({ end }) => end === 'killed').length,
    pauses: history.pauses,
    leaves: history.leaves,
    crashes: history.ended('crashed'),
    brokerRestarts: history.brokerRestarts,
    rows: options.rows,
    oldBuild: options.oldBuild,
    seed: options.seed,
    seconds: Math.round(seconds * 10) / 10,
    messagesPerSecond: Math.round(published / seconds),
    latencyMs: latencies(evidence, producers.committedAt),
  }
}

function effectFigures({ orderedTopics }: Evidence, { effects }: Verdict) {
  return {
    effects: effects?.count ?? null,
    effectsMissing: effects?.missing.length ?? null,
    effectsDoubled: effects?.doubled.length ?? null,
    effectsPhantom: effects?.phantom.length ?? null,
    effectsOutOfOrder: effects?.outOfOrder.length ?? null,
    effectsOutOfOrderElsewhere: effects?.elsewhere.length ?? null,
    orderedTopics,
  }
}

/** What is broken, with the first of the messages concerned. */
export function problemsOf(
  verdict: Verdict,
  { anomalies, defects, rejected, failures, messages }: CrashReport,
): readonly string[] {
  const { lost, phantom, outOfOrder, unfinished, duplicates, wrongFacts, effects } = verdict
  const kinds: readonly (readonly [readonly string[], string])[] = [
    [lost, 'lost: committed, and never published'],
    [phantom, 'phantom: published, and never committed so'],
    [outOfOrder, 'out of order: published before one that comes before'],
    [unfinished, 'unfinished: still pending'],
    [duplicates.unexplained, 'published twice without a fault'],
    [effects?.missing ?? [], 'without an effect: published, and consumed by nobody'],
    [effects?.doubled ?? [], 'took effect twice'],
    [effects?.phantom ?? [], 'took effect, and never committed so'],
    [effects?.outOfOrder ?? [], 'took effect before one that comes before'],
  ]
  return [
    ...kinds.filter(([ids]) => ids.length > 0).map(([ids, what]) => `${ids.length} ${what}, for example ${ids[0]}`),
    ...wrongFacts.slice(0, 10),
    ...(wrongFacts.length > 10 ? [`and ${wrongFacts.length - 10} more of such rows`] : []),
    ...(anomalies > 0 ? [`${anomalies} messages were found where none can be`] : []),
    ...(defects > 0 ? [`${defects} errors in relays and consumers that are mistakes in the code`] : []),
    ...(rejected > 0 ? [`${rejected} messages were given up by consumers`] : []),
    ...(failures > 0 ? [`${failures} relays and consumers ended by themselves`] : []),
    ...(messages === 0 ? ['nothing has committed'] : []),
  ]
}

function latencies({ accepted }: Evidence, committedAt: ReadonlyMap<string, number>): CrashReport['latencyMs'] {
  const first = new Map<string, number>()
  for (const { id, at } of accepted) if (!first.has(id)) first.set(id, at)
  const values = [...first].flatMap(([id, at]) => {
    const committed = committedAt.get(id)
    // The relay may be faster than the answer to the producer.
    return committed === undefined ? [] : [Math.max(0, at - committed)]
  })
  values.sort((left, right) => left - right)
  return { p50: percentile(values, 0.5), p95: percentile(values, 0.95), p99: percentile(values, 0.99) }
}

/** Nearest rank. 0 if there is nothing to measure. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}
