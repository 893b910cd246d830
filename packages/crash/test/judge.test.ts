import { expect, it } from 'vitest'
import type { RelayLife } from '../src/crew/history.ts'
import type { DuplicateCause } from '../src/judge/duplicates.ts'
import { isBroken, judge } from '../src/judge/judge.ts'
import { accepted, committed, evidence, life, row } from './evidence.ts'

const [a, b, c] = [committed('a', 1), committed('b', 2), committed('c', 3)]

it('finds nothing wrong where everything is right', () => {
  const verdict = judge(evidence())
  expect(isBroken(verdict)).toBe(false)
  expect(verdict).toMatchObject({ published: 3, dead: 0 })
})

it('finds a message that is said to be published and that the broker never got', () => {
  const verdict = judge(evidence({ accepted: [accepted(a), accepted(c)] }))
  expect(verdict.lost).toEqual(['b'])
  expect(isBroken(verdict)).toBe(true)
})

it('takes a row that is gone for lost unless the broker has the message', () => {
  const rows = [row('a')]
  const verdict = judge(evidence({ rows, rowsKept: false, accepted: [accepted(a), accepted(b)] }))
  expect(verdict).toMatchObject({ lost: ['c'], wrongFacts: [] })
  expect(judge(evidence({ rows })).wrongFacts).toHaveLength(2)
})

it('finds what never committed, or not so', () => {
  const stranger = accepted(committed('d', 4))
  const changed = { ...accepted(c), payload: accepted(b).payload }
  const moved = { ...accepted(b), key: 'l' }
  const verdict = judge(evidence({ accepted: [accepted(a), moved, changed, stranger, stranger] }))
  expect(verdict.phantom).toEqual(['b', 'c', 'd'])
})

it('finds a message that came too early, once', () => {
  const verdict = judge(evidence({ accepted: [accepted(c), accepted(a), accepted(b), accepted(c)] }))
  expect(verdict.outOfOrder).toEqual(['c'])
})

it('knows no order between keys, topics, or messages without a key', () => {
  const others = [committed('a', 1), committed('b', 2, { key: 'l' }), committed('c', 2, { key: null })]
  const verdict = judge(evidence({ committed: others, accepted: others.toReversed().map((other) => accepted(other)) }))
  expect(verdict.outOfOrder).toEqual([])
})

it('lets a message come late that died meanwhile', () => {
  const doomed = committed('a', 1, { fate: 'doomed' })
  const late = evidence({ committed: [doomed, b, c], accepted: [accepted(b), accepted(c), accepted(doomed)] })
  expect(judge(late).outOfOrder).toEqual(['b', 'c'])
  expect(judge({ ...late, redriven: [{ id: 'a', reason: 'rejected' }] }).outOfOrder).toEqual([])
})

it('lets a scheduled message be overtaken by what was enqueued before it was due', () => {
  const scheduled = committed('a', 1, { fate: 'scheduled', dueAt: 50 })
  const [before, after] = [committed('b', 2, { beganAt: 49 }), committed('c', 3, { beganAt: 50 })]
  const all = [scheduled, before, after]
  const verdict = judge(
    evidence({ committed: all, accepted: [accepted(before), accepted(after), accepted(scheduled)] }),
  )
  expect(verdict.outOfOrder).toEqual(['c'])
})

it('finds what is still pending', () => {
  const rows = [row('a'), row('b'), row('c', 'PENDING')]
  const verdict = judge(evidence({ rows, accepted: [accepted(a), accepted(b)] }))
  expect(verdict).toMatchObject({ unfinished: ['c'], lost: [] })
  expect(isBroken(verdict)).toBe(true)
})

it('finds deaths without a reason in the fate of the message', () => {
  const fates = [committed('a', 1, { fate: 'doomed' }), committed('b', 2, { fate: 'expiring' }), committed('c', 3)]
  const right = [row('a', 'DEAD', 'rejected'), row('b', 'DEAD', 'expired'), row('c')]
  const witnesses = { committed: fates, accepted: [accepted(c)] }
  expect(judge(evidence({ ...witnesses, rows: right }))).toMatchObject({ wrongFacts: [], dead: 2, lost: [] })
  const wrong = [row('a', 'DEAD', 'expired'), row('b', 'DEAD', null), row('c', 'DEAD', 'crashes')]
  expect(judge(evidence({ ...witnesses, rows: wrong })).wrongFacts).toHaveLength(3)
})

it('finds what is left in the other tables', () => {
  const leftovers = { holds: 1, suspects: 2, ownedLanes: 3, lanes: 63 }
  expect(judge(evidence({ leftovers })).wrongFacts).toEqual([
    '1 holds are left',
    '2 suspects are left',
    '3 lanes belong to somebody',
    'there are 63 lanes',
  ])
})

const befallen: readonly (readonly [DuplicateCause, RelayLife])[] = [
  ['killed', { ...life, end: 'killed', endedAt: 20_000 }],
  ['killed', { ...life, end: 'crashed', endedAt: 20_000 }],
  ['frozen', { ...life, pauses: [{ from: 5000, to: 15_000 }] }],
  ['unanswered', { ...life, unanswered: new Map([['a', 10_000]]) }],
  ['leaseLost', { ...life, leasesLostAt: [15_000] }],
]

it.each(befallen)('explains a duplicate by what befell its relay: %s', (cause, hit) => {
  const twice = [accepted(a, 10_000), accepted(a, 30_000, 'other'), accepted(b), accepted(c)]
  const { duplicates } = judge(evidence({ accepted: twice, lives: [hit, { ...life, label: 'other' }] }))
  expect(duplicates).toMatchObject({ count: 1, by: { [cause]: 1 }, unexplained: [] })
})

const refusal = { ids: ['a'], from: 9990, to: 10_010 }

it.each([
  ['the call in which it came', refusal, 'refused'],
  ['a later call', { ...refusal, from: 10_001 }, 'unexplained'],
  ['another message', { ...refusal, ids: ['b'] }, 'unexplained'],
] as const)('takes a no for a reason only if it was the answer to that call: %s', (_, answer, cause) => {
  const twice = [accepted(a, 10_000), accepted(a, 30_000), accepted(b), accepted(c)]
  const told = evidence({ accepted: twice, lives: [{ ...life, refusals: [answer] }], refusesInPart: true })
  expect(judge(told).duplicates).toMatchObject({ count: 1, by: { [cause]: 1 } })
  // Others have nothing of what they refuse.
  expect(judge({ ...told, refusesInPart: false }).duplicates.by.unexplained).toBe(1)
})

it('finds duplicates that nothing explains', () => {
  const lives = [{ ...life, pauses: [{ from: 1, to: 2 }], leasesLostAt: [1], unanswered: new Map([['b', 1]]) }]
  const verdict = judge(
    evidence({ accepted: [accepted(a, 10_000), accepted(b), accepted(c), accepted(a, 30_000)], lives }),
  )
  expect(verdict.duplicates).toMatchObject({ count: 1, unexplained: ['a'] })
  expect(isBroken(verdict)).toBe(true)
})
