import assert from 'node:assert/strict'
import { need, type Rule } from '../rule.ts'
import { commands, severalWriters } from './abilities.ts'
import { carryOut, carryOutIn, command, request } from './command.rules.ts'
import type { AnyInboxHarness } from './harness.ts'
import { overlap, withoutWaiting } from './overlap.ts'

const requires = [commands]

/** Two requests with one key at a time. */
export const commandConcurrencyRules: readonly Rule<AnyInboxHarness>[] = [
  {
    id: 'command/second-waits-for-the-first',
    level: 'required',
    statement: 'Of two transactions that claim one command, one MUST get `new`, and the other wait and get `done`.',
    intent: 'Two clicks on a button make two orders.',
    requires,
    async verify(harness, { time }) {
      const storage = need(harness, commands)
      const other = await storage.other()
      const { first, early, second } = await overlap(time, {
        first: { runner: storage.runner, work: (tx) => carryOutIn(storage.role, tx, {}, 'first') },
        second: () => carryOut(other, {}, 'second'),
        end: 'commit',
      })
      assert.deepEqual(first, { type: 'new' })
      assert.equal(early, undefined, 'the second was answered while the first was open')
      assert.deepEqual(second, { type: 'done', fingerprint: 'f', result: 'first' })
    },
  },
  {
    id: 'command/takes-over-from-a-rollback',
    level: 'required',
    statement: 'A transaction that waited for a command MUST get `new` when the first one rolled back.',
    intent: 'The first request fails, the second is told that it was done, and nobody has done it.',
    requires,
    async verify(harness, { time }) {
      const storage = need(harness, commands)
      const other = await storage.other()
      const { second } = await overlap(time, {
        first: { runner: storage.runner, work: (tx) => carryOutIn(storage.role, tx, {}, 'first') },
        second: () => carryOut(other, {}, 'second'),
        end: 'roll back',
      })
      assert.deepEqual(second, { type: 'new' })
      assert.equal((await other.role.find(command))?.result, 'second')
    },
  },
  {
    id: 'command/refuses-at-once',
    level: 'required',
    statement:
      'With `refuse`, claim MUST answer `busy` while another transaction has the command open, without waiting for it, and leave its transaction usable.',
    intent: 'Requests pile up behind a slow one until all connections are taken.',
    requires: [commands, severalWriters],
    async verify(harness, { time }) {
      const storage = need(harness, commands)
      const other = await storage.other()
      const refuse = { whenBusy: 'refuse' } as const
      const { early } = await overlap(time, {
        first: { runner: storage.runner, work: (tx) => carryOutIn(storage.role, tx) },
        second: () =>
          other.runner.transaction(async (tx) => [
            await carryOutIn(other.role, tx, refuse),
            await carryOutIn(other.role, tx, { ...refuse, key: 'another' }),
          ]),
        end: 'commit',
        ...withoutWaiting,
      })
      assert.deepEqual(early, [{ type: 'busy' }, { type: 'new' }])
      assert.equal((await other.role.find({ ...command, key: 'another' }))?.result, 'done')
    },
  },
  {
    id: 'command/refuse-answers-what-is-done',
    level: 'required',
    statement: 'With `refuse`, claim MUST answer `new` for what nobody has, and `done` for what has been completed.',
    intent: 'A client that repeats a request is told for ever to come back later.',
    requires,
    async verify(harness) {
      const storage = need(harness, commands)
      assert.deepEqual(await carryOut(storage, { whenBusy: 'refuse' }), { type: 'new' })
      const again = await carryOut(await storage.other(), { whenBusy: 'refuse' })
      assert.deepEqual(again, { type: 'done', fingerprint: 'f', result: 'done' })
    },
  },
  {
    id: 'command/find-does-not-wait',
    level: 'required',
    statement: 'find MUST answer `null` for a command that is open, without waiting for its transaction.',
    intent: 'Looking before claiming costs more than it saves.',
    requires: [commands, severalWriters],
    async verify(harness, { time }) {
      const storage = need(harness, commands)
      const other = await storage.other()
      const { early } = await overlap(time, {
        first: { runner: storage.runner, work: (tx) => carryOutIn(storage.role, tx) },
        second: async () => [await other.role.find(command)],
        end: 'commit',
        ...withoutWaiting,
      })
      assert.deepEqual(early, [null])
    },
  },
  {
    id: 'command/crowd-does-it-once',
    level: 'stress',
    statement: 'Of many transactions with one key at the same time, in two processes, exactly one MUST carry it out.',
    intent: 'A client library that repeats fast finds the moment between look and write.',
    requires,
    async verify(harness, { repetitions }) {
      const storage = need(harness, commands)
      const processes = [storage, await storage.other()]
      for (let round = 0; round < repetitions * 5; round++) {
        for (const whenBusy of ['wait', 'refuse'] as const) {
          const fields = request({ key: `${round} ${whenBusy}`, whenBusy })
          const crowd = Array.from({ length: 5 }, () => processes.map((each) => carryOut(each, fields))).flat()
          const types = (await Promise.all(crowd)).map(({ type }) => type)
          assert.equal(types.filter((type) => type === 'new').length, 1, `${whenBusy}: ${types}`)
          assert.ok(whenBusy === 'refuse' || !types.includes('busy'), `${types}`)
        }
      }
    },
  },
]
