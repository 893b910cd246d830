import { expect, it } from 'vitest'
import type { Effect, Evidence } from '../src/judge/evidence.ts'
import { isBroken, judge, type Verdict } from '../src/judge/judge.ts'
import { accepted, committed, evidence, row } from './evidence.ts'

const [a, b, c] = [committed('a', 1), committed('b', 2), committed('c', 3)]

function effect(message: ReturnType<typeof committed>): Effect {
  const { id, topic, key, payload } = accepted(message)
  return { id, topic, key, payload, consumer: 'consumer-1.1' }
}

function judgeEffects(effects: readonly Effect[], changes: Partial<Evidence> = {}): Verdict {
  return judge(evidence({ effects, ...changes }))
}

it('finds nothing wrong where every message took effect once, in the order of its key', () => {
  const verdict = judgeEffects([effect(a), effect(b), effect(c)])
  expect(isBroken(verdict)).toBe(false)
  expect(verdict.effects).toMatchObject({ count: 3 })
})

it('asks for no effects where nobody consumes', () => {
  expect(judge(evidence())).toMatchObject({ effects: null })
})

it('finds a message without an effect', () => {
  const verdict = judgeEffects([effect(a), effect(c)])
  expect(verdict.effects).toMatchObject({ missing: ['b'] })
  expect(isBroken(verdict)).toBe(true)
})

it('asks for no effect of what was accepted and died all the same', () => {
  const verdict = judgeEffects([effect(a), effect(c)], { rows: [row('a'), row('b', 'DEAD', 'rejected'), row('c')] })
  expect(verdict.effects).toMatchObject({ missing: [] })
})

it('finds what took effect more than once, once', () => {
  const verdict = judgeEffects([effect(a), effect(b), effect(b), effect(c), effect(b)])
  expect(verdict.effects).toMatchObject({ count: 5, doubled: ['b'], missing: [] })
  expect(isBroken(verdict)).toBe(true)
})

it('finds effects of what never committed, or not so', () => {
  const verdict = judgeEffects([effect(a), effect(b), { ...effect(c), key: 'l' }, effect(committed('d', 4))])
  expect(verdict.effects).toMatchObject({ phantom: ['c', 'd'] })
  expect(isBroken(verdict)).toBe(true)
})

it('finds an effect that came too early, and says so only of topics that keep the order', () => {
  const effects = [effect(b), effect(a), effect(c)]
  const verdict = judgeEffects(effects)
  expect(verdict.effects).toMatchObject({ outOfOrder: ['b'], elsewhere: [] })
  expect(isBroken(verdict)).toBe(true)
  const unordered = judgeEffects(effects, { orderedTopics: [] })
  expect(unordered.effects).toMatchObject({ outOfOrder: [], elsewhere: ['b'] })
  expect(isBroken(unordered)).toBe(false)
})
