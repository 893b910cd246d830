import type { Acceptance } from '../broker/broker.ts'
import type { RelayLife } from '../crew/history.ts'
import type { Evidence } from './evidence.ts'

export const duplicateCauses = ['killed', 'frozen', 'unanswered', 'leaseLost', 'unexplained'] as const
export type DuplicateCause = (typeof duplicateCauses)[number]

export interface Duplicates {
  readonly count: number
  readonly by: Readonly<Record<DuplicateCause, number>>
  /** Ids for which nothing that was done to the relays is a reason. */
  readonly unexplained: readonly string[]
}

/** Acceptances beyond the first of a message. They are allowed, but not without a reason: without a fault there are none. */
export function explainDuplicates({ accepted, lives, leaseMs }: Evidence): Duplicates {
  const byLabel = new Map(lives.map((life) => [life.label, life]))
  const seen = new Map<string, Acceptance[]>()
  const by = { killed: 0, frozen: 0, unanswered: 0, leaseLost: 0, unexplained: 0 }
  const unexplained: string[] = []
  for (const acceptance of accepted) {
    const earlier = seen.get(acceptance.id) ?? []
    if (earlier.length > 0) {
      const cause = causeOf([...earlier, acceptance], byLabel, leaseMs)
      by[cause]++
      if (cause === 'unexplained') unexplained.push(acceptance.id)
    }
    seen.set(acceptance.id, [...earlier, acceptance])
  }
  return { count: Object.values(by).reduce((sum, count) => sum + count, 0), by, unexplained }
}

function causeOf(
  acceptances: readonly Acceptance[],
  byLabel: ReadonlyMap<string, RelayLife>,
  leaseMs: number,
): DuplicateCause {
  const [from, to] = [acceptances[0]?.at ?? 0, acceptances.at(-1)?.at ?? 0]
  const id = acceptances[0]?.id ?? ''
  const lives = acceptances.flatMap(({ relay }) => byLabel.get(relay) ?? [])
  const has = (condition: (life: RelayLife) => boolean) => lives.some(condition)
  if (has((life) => diedBetween(life, from, to))) return 'killed'
  if (has(({ unanswered }) => unanswered.has(id))) return 'unanswered'
  // A relay that has been frozen, or has stood still by itself, may still publish what it had in hand.
  if (has(({ pauses }) => pauses.some((pause) => pause.from <= to && pause.to + leaseMs >= from))) return 'frozen'
  if (has(({ leasesLostAt }) => leasesLostAt.some((at) => at + leaseMs >= from && at - leaseMs <= to)))
    return 'leaseLost'
  return 'unexplained'
}

/** What a dead relay had sent may arrive after its end; its end is seen a little after it. One that leaves has settled. */
function diedBetween({ end, endedAt }: RelayLife, from: number, to: number): boolean {
  return end !== null && end !== 'left' && endedAt !== null && endedAt >= from - slackMs && endedAt <= to + slackMs
}

const slackMs = 1000
