import type { Acceptance } from '../broker/broker.ts'
import type { RelayLife } from '../crew/history.ts'
import type { Evidence } from './evidence.ts'

export const duplicateCauses = ['killed', 'frozen', 'unanswered', 'refused', 'leaseLost', 'unexplained'] as const
export type DuplicateCause = (typeof duplicateCauses)[number]

export interface Duplicates {
  readonly count: number
  readonly by: Readonly<Record<DuplicateCause, number>>
  /** Ids for which nothing that was done to the relays is a reason. */
  readonly unexplained: readonly string[]
}

/** Acceptances beyond the first of a message. They are allowed, but not without a reason: without a fault there are none. */
export function explainDuplicates({ accepted, lives, leaseMs, refusesInPart }: Evidence): Duplicates {
  const byLabel = new Map(lives.map((life) => [life.label, life]))
  const seen = new Map<string, Acceptance[]>()
  const by = { killed: 0, frozen: 0, unanswered: 0, refused: 0, leaseLost: 0, unexplained: 0 }
  const unexplained: string[] = []
  for (const acceptance of accepted) {
    const earlier = seen.get(acceptance.id) ?? []
    if (earlier.length > 0) {
      const cause = causeOf([...earlier, acceptance], byLabel, { leaseMs, refusesInPart })
      by[cause]++
      if (cause === 'unexplained') unexplained.push(acceptance.id)
    }
    seen.set(acceptance.id, [...earlier, acceptance])
  }
  return { count: Object.values(by).reduce((sum, count) => sum + count, 0), by, unexplained }
}

/** The last of the acceptances is the duplicate; the others are those before it. */
function causeOf(
  acceptances: readonly Acceptance[],
  byLabel: ReadonlyMap<string, RelayLife>,
  { leaseMs, refusesInPart }: Pick<Evidence, 'leaseMs' | 'refusesInPart'>,
): DuplicateCause {
  const earlier = acceptances.slice(0, -1)
  const [from, to] = [acceptances[0]?.at ?? 0, acceptances.at(-1)?.at ?? 0]
  const lives = acceptances.flatMap(({ relay }) => byLabel.get(relay) ?? [])
  const near = (at: number) => at + leaseMs >= from && at - leaseMs <= to
  if (earlier.some((acceptance) => diedUnsettled(byLabel.get(acceptance.relay), acceptance, to))) return 'killed'
  if (earlier.some(({ id, relay }) => byLabel.get(relay)?.unanswered.has(id))) return 'unanswered'
  if (refusesInPart && earlier.some((acceptance) => wasRefused(byLabel.get(acceptance.relay), acceptance)))
    return 'refused'
  // A relay that has been frozen, or has stood still by itself, may still publish what it had in hand.
  if (lives.some(({ pauses }) => pauses.some((pause) => pause.from <= to && near(Math.min(pause.to, to)))))
    return 'frozen'
  return lives.some(({ leasesLostAt }) => leasesLostAt.some(near)) ? 'leaseLost' : 'unexplained'
}

/** The broker took it, and the answer to that very call was no. */
function wasRefused(life: RelayLife | undefined, { id, at }: Acceptance): boolean {
  return life?.refusals.some(({ ids, from, to }) => from <= at && at <= to && ids.includes(id)) ?? false
}

/** What a dead relay had sent may arrive a little after its end. One that leaves has settled what it has published. */
const underWayMs = 1000

function diedUnsettled(life: RelayLife | undefined, { at }: Acceptance, duplicateAt: number): boolean {
  if (life === undefined || life.endedAt === null || life.end === 'left') return false
  return life.endedAt >= at - underWayMs && life.endedAt <= duplicateAt
}
