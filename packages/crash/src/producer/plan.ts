import type { Fate } from '../fates.ts'
import type { Random } from '../random.ts'
import { type Key, pickKey, topics } from './keys.ts'

/** One message of a transaction. */
export interface Step {
  /** Null: the message is its own key. */
  readonly key: Key | null
  readonly topic: string
  readonly fate: Fate
  /** By a plain INSERT of four columns, as another program would. */
  readonly plainSql: boolean
  readonly delayMs: number
  /** How long the transaction stays as it is afterwards. */
  readonly pauseMs: number
}

export interface TransactionPlan {
  readonly steps: readonly Step[]
  readonly rollsBack: boolean
}

/** How long producers dawdle inside a transaction, in milliseconds. */
interface Pace {
  readonly step: number
  readonly commit: number
  readonly long: number
}

const paces: Readonly<Record<'many' | 'single', Pace>> = {
  many: { step: 60, commit: 150, long: 2500 },
  // Whoever dawdles holds up all others.
  single: { step: 4, commit: 10, long: 300 },
}

export interface PlanLimits {
  readonly singleWriter: boolean
  /** Messages at most. */
  readonly most: number
}

export function planTransaction(random: Random, { singleWriter, most }: PlanLimits): TransactionPlan {
  const pace = paces[singleWriter ? 'single' : 'many']
  if (most >= 2 && random.chance(0.004)) return planLong(random, pace)
  const count = Math.min(most, random.pick([1, 1, 2, 2, 3, 5]))
  const steps = Array.from({ length: count }, (_, index) => {
    const isLast = index === count - 1
    const pauseMs = isLast
      ? pauseOf(random, { share: 0.1, longest: pace.commit })
      : pauseOf(random, { share: 0.15, longest: pace.step })
    return { ...planStep(random), pauseMs }
  })
  // Services lock in one order, or deadlocks are all that happens on hot keys. Some forget to.
  if (!random.chance(0.02)) steps.sort((left, right) => compare(left.key?.name ?? '', right.key?.name ?? ''))
  return { steps, rollsBack: random.chance(0.07) }
}

function compare(left: string, right: string): number {
  return left < right ? -1 : Number(left > right)
}

/**
 * Draws a position and stays open while others commit, then enqueues for a key that they have been busy with: the second
 * message has a lower position than theirs if positions are drawn in advance, and comes after them all the same.
 */
function planLong(random: Random, { long }: Pace): TransactionPlan {
  const first = { ...planStep(random), key: null, pauseMs: random.between(Math.floor(long / 3), long) }
  const second = { ...planStep(random), key: pickKey(random, 'hot'), pauseMs: 0 }
  return { steps: [first, second], rollsBack: random.chance(0.2) }
}

function planStep(random: Random): Omit<Step, 'pauseMs'> {
  const key = random.chance(0.05) ? null : pickKey(random)
  const fate = pickFate(random)
  return {
    key,
    topic: random.pick(topics),
    fate,
    plainSql: fate !== 'scheduled' && fate !== 'expiring' && random.chance(0.1),
    delayMs: fate === 'scheduled' ? random.between(1, 1500) : 0,
  }
}

function pickFate(random: Random): Fate {
  const draw = random.next()
  if (draw < 0.02) return 'scheduled'
  if (draw < 0.035) return 'flaky'
  if (draw < 0.04) return 'doomed'
  return draw < 0.045 ? 'expiring' : 'plain'
}

function pauseOf(random: Random, { share, longest }: { readonly share: number; readonly longest: number }): number {
  return random.chance(share) ? random.between(1, longest) : 0
}
