import assert from 'node:assert/strict'
import type { Transition, TransitionOutcome } from '@waybill/core/contracts'
import type { Timeline } from '../eventually.ts'
import { need, type Rule } from '../rule.ts'
import { type Transitions, transitions } from './abilities.ts'
import type { AnyInboxHarness } from './harness.ts'
import { overlap, rolledBack } from './overlap.ts'

const requires = [transitions]

/** A log of states that nobody can be mistaken about. */
export const transitionRules: readonly Rule<AnyInboxHarness>[] = [
  {
    id: 'transition/refuses-another-state',
    level: 'required',
    statement: 'append MUST write only if the entity is in `from`, and else answer `conflict` with its state.',
    intent: 'An order that was cancelled is shipped by a handler that read it a moment before.',
    requires,
    async verify(harness) {
      const log = need(harness, transitions)
      assert.deepEqual(await move(log, 'placed', 'paid'), { type: 'conflict', current: null })
      assert.deepEqual(await move(log, null, 'placed'), { type: 'appended', sequence: 1 })
      assert.deepEqual(await move(log, null, 'placed'), { type: 'conflict', current: 'placed' })
      assert.deepEqual(await move(log, 'Placed', 'paid'), { type: 'conflict', current: 'placed' })
      assert.deepEqual(await move(log, 'placed', 'cancelled'), { type: 'appended', sequence: 2 })
      assert.deepEqual(await move(log, 'placed', 'paid'), { type: 'conflict', current: 'cancelled' })
      assert.equal((await log.role.history('order', 'o-1')).length, 2)
    },
  },
  {
    id: 'transition/history-tells-all',
    level: 'required',
    statement: 'history MUST answer all transitions of an entity as they were written, numbered from 1 without gaps.',
    intent: 'An audit that cannot be read, or has holes, is none.',
    requires,
    async verify(harness, { time }) {
      const log = need(harness, transitions)
      const before = time.wallNow()
      await move(log, null, 'placed', { reason: 'ü "quoted"' })
      await rolledBack(log.runner, (tx) => log.role.append(tx, step('placed', 'paid')))
      await move(log, 'placed', 'placed')
      await move(log, 'placed', 'paid', { reason: '' })
      const found = await (await log.other()).role.history('order', 'o-1')
      assert.deepEqual(
        found.map(({ at, ...rest }) => rest),
        [
          { ...step(null, 'placed', { reason: 'ü "quoted"' }), sequence: 1 },
          { ...step('placed', 'placed'), sequence: 2 },
          { ...step('placed', 'paid', { reason: '' }), sequence: 3 },
        ],
      )
      for (const { at } of found) assert.ok(Math.abs(at - before) < 600_000, `at ${at} is not the time of the database`)
      assert.deepEqual(await log.role.history('order', 'o-2'), [])
    },
  },
  {
    id: 'transition/belongs-to-its-transaction',
    level: 'required',
    statement: 'append MUST take part in the given transaction: it sees its own, and a rollback leaves nothing.',
    intent: 'The log says shipped, and the order is where it was.',
    requires,
    async verify(harness) {
      const log = need(harness, transitions)
      const both = await rolledBack(log.runner, async (tx) => [
        await log.role.append(tx, step(null, 'placed')),
        await log.role.append(tx, step('placed', 'paid')),
      ])
      assert.deepEqual(
        both.map(({ type }) => type),
        ['appended', 'appended'],
      )
      assert.deepEqual(await log.role.history('order', 'o-1'), [])
      assert.deepEqual(await move(log, null, 'placed'), { type: 'appended', sequence: 1 })
    },
  },
  {
    id: 'transition/entities-are-independent',
    level: 'required',
    statement: 'Machines and entities MUST be kept apart, compared byte for byte.',
    intent: 'The shipment moves, and its order cannot.',
    requires,
    async verify(harness) {
      const log = need(harness, transitions)
      for (const [machine, entity] of [
        ['order', 'o-1'],
        ['order', 'O-1'],
        ['order', 'o-1 '],
        ['shipment', 'o-1'],
        ['ordero', '-1'],
      ]) {
        const moved = await move(log, null, 'placed', { machine: `${machine}`, entity: `${entity}` })
        assert.deepEqual(moved, { type: 'appended', sequence: 1 })
      }
    },
  },
  {
    id: 'transition/needs-a-transaction',
    level: 'required',
    statement: 'append MUST refuse a handle that is not inside an open transaction, writing nothing.',
    intent: 'The log is written, and the change that it speaks of is not.',
    requires,
    async verify(harness) {
      const log = need(harness, transitions)
      const ended = await log.runner.transaction(async (tx) => ({ tx }))
      const append = async () => log.role.append(ended.tx, step(null, 'placed'))
      await assert.rejects(append, { code: 'TRANSACTION_REQUIRED' })
      assert.deepEqual(await log.role.history('order', 'o-1'), [])
    },
  },
  {
    id: 'transition/one-of-two-begins',
    level: 'required',
    statement:
      'Of two transactions that make the first move of an entity, one MUST append; the other MUST wait, get `conflict` and stay usable, or append if the first rolled back.',
    intent: 'Two deliveries begin the same process twice.',
    requires,
    verify: (harness, { time }) => race(need(harness, transitions), time, null),
  },
  {
    id: 'transition/one-of-two-moves',
    level: 'required',
    statement:
      'Of two transactions that move an entity at the same time, one MUST append; the other MUST wait, get `conflict` and stay usable, or append if the first rolled back.',
    intent: 'Two workers ship the same order.',
    requires,
    verify: (harness, { time }) => race(need(harness, transitions), time, 'placed'),
  },
  {
    id: 'transition/crowd-moves-one-by-one',
    level: 'stress',
    statement: 'Of many transactions that make the same move, in two processes, exactly one MUST append, every time.',
    intent: 'Two workers ship the same order, once a week.',
    requires,
    async verify(harness, { repetitions }) {
      const log = need(harness, transitions)
      const processes = [log, await log.other()]
      let from: string | null = null
      for (let round = 1; round <= repetitions * 5; round++) {
        const to = `state ${round}`
        const crowd = Array.from({ length: 3 }, () => processes.map((each) => move(each, from, to))).flat()
        const appended = (await Promise.all(crowd)).filter(({ type }) => type === 'appended')
        assert.deepEqual(appended, [{ type: 'appended', sequence: round }])
        from = to
      }
    },
  },
]

function step(from: string | null, to: string, fields: Partial<Transition> = {}): Transition {
  return { machine: 'order', entity: 'o-1', from, to, ...fields }
}

/** Appends and commits. */
function move(
  { role, runner }: Transitions,
  from: string | null,
  to: string,
  fields: Partial<Transition> = {},
): Promise<TransitionOutcome> {
  return runner.transaction((tx) => role.append(tx, step(from, to, fields)))
}

/** Two transactions move an entity out of one state; once the first commits, once it does not. */
async function race(log: Transitions, time: Timeline, from: string | null): Promise<void> {
  const other = await log.other()
  for (const end of ['commit', 'roll back'] as const) {
    const entity = { entity: end }
    if (from !== null) await move(log, null, from, entity)
    const { early, second } = await overlap(time, {
      first: { runner: log.runner, work: (tx) => log.role.append(tx, step(from, 'paid', entity)) },
      second: () =>
        other.runner.transaction(async (tx) => [
          await other.role.append(tx, step(from, 'cancelled', entity)),
          await other.role.append(tx, step(null, 'begun', { entity: `after ${end}` })),
        ]),
      end,
    })
    assert.equal(early, undefined, 'the second was answered while the first was open')
    const lost = { type: 'conflict', current: 'paid' }
    const won = { type: 'appended', sequence: from === null ? 1 : 2 }
    assert.deepEqual(second, [end === 'commit' ? lost : won, { type: 'appended', sequence: 1 }])
  }
}
