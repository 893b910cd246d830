import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type LifecycleEvent, type LifecycleState, transition, transitions } from './transition.ts'

const states = ['PENDING', 'PROCESSING', 'PUBLISHED', 'DEAD', 'GONE'] as const
const events = ['claim', 'published', 'retry', 'dead', 'release', 'lease-expired', 'redrive', 'discard'] as const
const legal: readonly (readonly [LifecycleState, LifecycleEvent, LifecycleState])[] = [
  ['PENDING', 'claim', 'PROCESSING'],
  ['PROCESSING', 'published', 'PUBLISHED'],
  ['PROCESSING', 'retry', 'PENDING'],
  ['PROCESSING', 'dead', 'DEAD'],
  ['PROCESSING', 'release', 'PENDING'],
  ['PROCESSING', 'lease-expired', 'PENDING'],
  ['DEAD', 'redrive', 'PENDING'],
  ['DEAD', 'discard', 'GONE'],
]

test.each(legal)('%s –%s→ %s', (from, event, to) => {
  expect(transition(from, event)).toBe(to)
})

const illegal = states.flatMap((state) =>
  events
    .filter((event) => !legal.some(([from, name]) => from === state && name === event))
    .map((event) => [state, event] as const),
)

test.each(illegal)('%s refuses %s', (state, event) => {
  expect(() => transition(state, event)).toThrow(
    expect.objectContaining({ code: 'ILLEGAL_TRANSITION', retryable: false }) as Error,
  )
})

test('no sequence of events leaves the table, and only PUBLISHED and GONE are ends', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...events)), (sequence) => {
      let state: LifecycleState = 'PENDING'
      for (const event of sequence) {
        if (transitions[state][event] !== undefined) state = transition(state, event)
      }
      expect(states).toContain(state)
    }),
  )
  expect(states.filter((state) => Object.keys(transitions[state]).length === 0)).toEqual(['PUBLISHED', 'GONE'])
})
