import type { Verdict } from './judge.ts'

/** What a run has shown. `--json` prints it as it is. */
export interface Result {
  readonly storage: string
  readonly broker: string
  readonly orders: number
  readonly rollbacks: number
  readonly messages: number
  readonly published: number
  readonly effects: number
  readonly duplicates: number
  readonly lost: number
  readonly phantom: number
  readonly outOfOrder: number
  readonly kills: number
  readonly seed: number
  readonly seconds: number
  readonly messagesPerSecond: number
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number }
}

/** Nearest rank. 0 if there is nothing to measure. */
export function percentile(sorted: readonly number[], share: number): number {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
  return Math.round(value * 10) / 10
}

export function renderTable(result: Result): string {
  const { latencyMs, seconds } = result
  const rows: readonly (readonly [string, number | string, string])[] = [
    ['orders', result.orders, 'two transactions and three messages each'],
    ['rollbacks', result.rollbacks, 'payments declined after their messages had been enqueued'],
    ['messages', result.messages, 'committed with their orders'],
    ['published', result.published, 'accepted by the broker'],
    ['duplicates at the broker', result.duplicates, 'accepted again after a kill: at least once'],
    ['effects', result.effects, 'entries of the consumer: once'],
    ['lost', result.lost, ''],
    ['phantom', result.phantom, ''],
    ['out of order', result.outOfOrder, ''],
    ['kills', result.kills, 'SIGKILL, at random moments of the relay'],
    [
      'commit to publish',
      `${latencyMs.p50} ms`,
      `p50; p95 ${latencyMs.p95} ms, p99 ${latencyMs.p99} ms, takeovers included`,
    ],
    [
      'throughput',
      `${result.messagesPerSecond}/s`,
      `${result.messages} messages in ${seconds} s, at the pace of the orders`,
    ],
  ]
  return rows
    .map(([name, value, note]) => `  ${name.padEnd(25)}${show(value).padStart(10)}   ${note}`.trimEnd())
    .join('\n')
}

/** What is broken, with the first of the messages concerned; empty if nothing is. */
export function renderProblems(verdict: Verdict): readonly string[] {
  const kinds: readonly (readonly [readonly string[], string])[] = [
    [verdict.lost, 'lost: committed, and never published'],
    [verdict.phantom, 'phantom: published, and never committed'],
    [verdict.outOfOrder, 'out of order: published after a later message of the same order'],
    [verdict.withoutEffect, 'without effect: published, and never applied'],
    [verdict.repeatedEffect, 'repeated effect: applied more than once'],
  ]
  return kinds.filter(([ids]) => ids.length > 0).map(([ids, what]) => `${ids.length} ${what}, for example ${ids[0]}`)
}

function show(value: number | string): string {
  return typeof value === 'number' ? value.toLocaleString('en') : value
}
