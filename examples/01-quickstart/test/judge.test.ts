import { expect, test } from 'vitest'
import { type Evidence, isBroken, judge, type Verdict } from '../src/judge.ts'
import { renderProblems } from '../src/report.ts'

/** `a1` is message 1 of order a. */
const messages = (...names: readonly string[]) => names.map((id) => ({ id, orderId: id.charAt(0) }))

function evidence(change: { committed?: string[]; accepted?: string[]; effects?: string[] } = {}): Evidence {
  const all = ['a1', 'b1', 'a2', 'b2']
  const { committed = all, accepted = all, effects = all } = change
  return { committed: messages(...committed), accepted: messages(...accepted), effects }
}

const clean: Verdict = {
  lost: [],
  phantom: [],
  outOfOrder: [],
  withoutEffect: [],
  repeatedEffect: [],
  duplicates: 0,
  published: 4,
}

test('a run in which all went well is clean', () => {
  const verdict = judge(evidence())
  expect(verdict).toEqual(clean)
  expect(isBroken(verdict)).toBe(false)
  expect(renderProblems(verdict)).toEqual([])
})

test('orders overtake each other, and duplicates come early or late: nothing is broken', () => {
  const verdict = judge(evidence({ accepted: ['b1', 'b2', 'a1', 'a1', 'a2', 'b1', 'a1'] }))
  expect(verdict).toEqual({ ...clean, duplicates: 3 })
  expect(isBroken(verdict)).toBe(false)
})

test.each([
  ['lost', evidence({ accepted: ['a1', 'b1', 'a2'], effects: ['a1', 'b1', 'a2'] }), { lost: ['b2'], published: 3 }],
  ['phantom', evidence({ committed: ['a1', 'b1', 'a2'] }), { phantom: ['b2'] }],
  ['out of order', evidence({ accepted: ['a2', 'b1', 'a1', 'b2'] }), { outOfOrder: ['a1'] }],
  ['without effect', evidence({ effects: ['a1', 'b1', 'b2'] }), { withoutEffect: ['a2'] }],
  ['repeated effect', evidence({ effects: ['a1', 'b1', 'a2', 'b2', 'a2'] }), { repeatedEffect: ['a2'] }],
])('%s is found and named', (name, bad, expected) => {
  const verdict = judge(bad)
  expect(verdict).toEqual({ ...clean, ...expected })
  expect(isBroken(verdict)).toBe(true)
  expect(renderProblems(verdict)).toEqual([expect.stringMatching(`^1 ${name}: .* for example [ab]\\d$`)])
})

test('a later duplicate does not heal an order that was broken', () => {
  expect(judge(evidence({ accepted: ['a2', 'a1', 'a2', 'b1', 'b2'] }))).toMatchObject({
    outOfOrder: ['a1'],
    duplicates: 1,
  })
})
