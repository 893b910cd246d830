import type { Random } from '../random.ts'

/** Keys that most transactions want, keys for the rest, and keys whose producers enqueue before they lock (`lockKey`). */
const counts = { hot: 12, cold: 150, early: 4 } as const

export type KeyKind = keyof typeof counts

export interface Key {
  readonly name: string
  readonly kind: KeyKind
}

export const topics = ['orders', 'payments', 'mail'] as const

const nameOf = (kind: KeyKind, number: number) => `${kind}-${number}`

export function allKeyNames(): readonly string[] {
  return Object.entries(counts).flatMap(([kind, count]) =>
    Array.from({ length: count }, (_, number) => nameOf(kind as KeyKind, number)),
  )
}

export function pickKey(random: Random, kind: KeyKind = pickKind(random)): Key {
  return { kind, name: nameOf(kind, random.below(counts[kind])) }
}

function pickKind(random: Random): KeyKind {
  const draw = random.next()
  if (draw < 0.7) return 'hot'
  return draw < 0.93 ? 'cold' : 'early'
}
