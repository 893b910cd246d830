import { type Duplicates, explainDuplicates } from './duplicates.ts'
import { type EffectVerdict, judgeEffects } from './effects.ts'
import type { Evidence } from './evidence.ts'
import { overtaking } from './order.ts'
import { phantoms } from './phantoms.ts'
import { checkTables } from './table-facts.ts'

/** What the evidence shows. Every list but the duplicates that are explained must be empty. */
export interface Verdict {
  /** Different messages that the broker has accepted. */
  readonly published: number
  /** Committed, never accepted, and neither dead nor pending. */
  readonly lost: readonly string[]
  /** Accepted, and never committed, or with other contents than those that did. */
  readonly phantom: readonly string[]
  /** Accepted for the first time before a message that had to come before. */
  readonly outOfOrder: readonly string[]
  /** Still pending, although everything had its time. */
  readonly unfinished: readonly string[]
  readonly duplicates: Duplicates
  /** What is wrong in the tables, one line each. */
  readonly wrongFacts: readonly string[]
  /** Messages that ended dead. */
  readonly dead: number
  /** Null if there were no consumers. */
  readonly effects: EffectVerdict | null
}

/** Compares the witnesses. Positions of the outbox are none. */
export function judge(evidence: Evidence): Verdict {
  const committed = new Map(evidence.committed.map((message) => [message.id, message]))
  const accepted = new Set(evidence.accepted.map(({ id }) => id))
  const waiting = new Set(evidence.rows.filter(({ status }) => status !== 'PUBLISHED').map(({ id }) => id))
  const { unfinished, wrong } = checkTables(evidence)
  return {
    published: accepted.size,
    lost: [...committed.keys()].filter((id) => !accepted.has(id) && !waiting.has(id)),
    phantom: phantoms(evidence.accepted, committed),
    outOfOrder: overtaking(evidence, evidence.accepted),
    unfinished,
    duplicates: explainDuplicates(evidence),
    wrongFacts: wrong,
    dead: evidence.rows.filter(({ status }) => status === 'DEAD').length,
    effects: judgeEffects(evidence, committed),
  }
}

export function isBroken({ lost, phantom, outOfOrder, unfinished, duplicates, wrongFacts, effects }: Verdict): boolean {
  const lists = [lost, phantom, outOfOrder, unfinished, duplicates.unexplained, wrongFacts]
  if (effects !== null) lists.push(effects.missing, effects.doubled, effects.phantom, effects.outOfOrder)
  return lists.some((list) => list.length > 0)
}
