import type { CommittedMessage, Effect, Evidence } from './evidence.ts'
import { overtaking } from './order.ts'
import { phantoms } from './phantoms.ts'

/** What the effects of the consumers show. Every list but `elsewhere` must be empty. */
export interface EffectVerdict {
  readonly count: number
  /** Published, without an effect. A message that ended dead may have one or not: the broker's last answer was lost then. */
  readonly missing: readonly string[]
  /** Messages with more than one effect. */
  readonly doubled: readonly string[]
  /** Effects of what never committed, or not so. */
  readonly phantom: readonly string[]
  /** Took effect before a message of their key that came before, in topics where the adapter says that order holds. */
  readonly outOfOrder: readonly string[]
  /** The same where it says that there is none: no defect. */
  readonly elsewhere: readonly string[]
}

/** Null if there were no consumers. */
export function judgeEffects(
  evidence: Evidence,
  committed: ReadonlyMap<string, CommittedMessage>,
): EffectVerdict | null {
  const { effects, rows, accepted, orderedTopics } = evidence
  if (effects === null) return null
  const dead = new Set(rows.filter(({ status }) => status === 'DEAD').map(({ id }) => id))
  const present = new Set(effects.map(({ id }) => id))
  const published = new Set(accepted.map(({ id }) => id).filter((id) => committed.has(id) && !dead.has(id)))
  const isOrdered = ({ topic }: { readonly topic: string }) => orderedTopics.includes(topic)
  const late = overtaking(evidence, effects).map((id) => ({ id, topic: committed.get(id)?.topic ?? '' }))
  return {
    count: effects.length,
    missing: [...published].filter((id) => !present.has(id)),
    doubled: doubled(effects),
    phantom: phantoms(effects, committed),
    outOfOrder: late.filter(isOrdered).map(({ id }) => id),
    elsewhere: late.filter((message) => !isOrdered(message)).map(({ id }) => id),
  }
}

function doubled(effects: readonly Effect[]): readonly string[] {
  const seen = new Set<string>()
  const twice = effects.filter(({ id }) => {
    const isSecond = seen.has(id)
    seen.add(id)
    return isSecond
  })
  return [...new Set(twice.map(({ id }) => id))]
}
