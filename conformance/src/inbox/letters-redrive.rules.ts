import assert from 'node:assert/strict'
import { need, type Rule } from '../rule.ts'
import { deadLetters, severalWriters } from './abilities.ts'
import type { AnyInboxHarness } from './harness.ts'
import { burial, buryAll, consumer, dueKeys, foreignBurial, keysOf, only, passed, take } from './letters.ts'
import { overlap, rolledBack, withoutWaiting } from './overlap.ts'

const requires = [deadLetters]
const scope = 'orders\u0000l'

/** What is dead comes back: in order, once, and when it shall. */
export const letterRedriveRules: readonly Rule<AnyInboxHarness>[] = [
  {
    id: 'letters/come-back-in-order-within-a-scope',
    level: 'required',
    statement: 'due MUST answer, by age of the burial, only the oldest of each scope that is due, and take no other.',
    intent: 'The cancellation of an order is handled before the order.',
    requires,
    async verify(harness) {
      const letters = need(harness, deadLetters)
      await buryAll(letters, ['z', 'b', 'a'])
      await letters.role.bury(burial('c', { scope }))
      await letters.role.bury(burial('d', { scope }))
      await letters.role.redrive({ keys: ['a', 'b', 'd'] })
      assert.deepEqual(await dueKeys(letters), ['b', 'd'])
      assert.deepEqual(await dueKeys(letters, 1), ['b'])
      assert.equal(await take(letters, 'a'), false, 'it overtook the one before it')
      assert.equal(await take(letters, 'b'), true)
      assert.deepEqual(await dueKeys(letters), ['a', 'd'])
      assert.equal(await take(letters, 'a'), true)
      assert.deepEqual(keysOf(await letters.role.list()), ['z', 'c', 'd'])
    },
  },
  {
    id: 'letters/those-behind-a-failed-one-stay',
    level: 'required',
    statement: 'Letters behind one that is buried again MUST stay dead, if they are of its scope and consumer.',
    intent: 'The first of a key fails again, and those that build on it are handled without it.',
    requires,
    async verify(harness) {
      const letters = need(harness, deadLetters)
      await buryAll(letters, ['a', 'b', 'c'])
      await letters.role.bury(burial('d', { scope }))
      await letters.role.bury(burial('e', { receipt: { consumer: 'mailer', key: 'e' } }))
      await letters.role.redrive({ all: true })
      await letters.role.bury(burial('b'))
      const waiting = (await letters.role.list()).filter(({ redriveInMs }) => redriveInMs !== null)
      assert.deepEqual(keysOf(waiting), ['a', 'd', 'e'])
    },
  },
  {
    id: 'letters/taken-letter-comes-back-after-a-rollback',
    level: 'required',
    statement: 'take MUST remove the letter in the given transaction: a rollback brings it back as it was.',
    intent: 'A handler fails, and the letter that it was to mend is gone.',
    requires,
    async verify(harness) {
      const letters = need(harness, deadLetters)
      await buryAll(letters, ['a'])
      await letters.role.redrive({ all: true })
      const receipt = { consumer, key: 'a' }
      assert.equal(await rolledBack(letters.runner, (tx) => letters.role.take(tx, receipt)), true)
      assert.equal((await only(letters)).redrives, 1)
      assert.deepEqual(await dueKeys(letters), ['a'])
      assert.equal(await take(letters, 'a'), true)
      assert.equal(await take(letters, 'a'), false)
      assert.deepEqual(await letters.role.list(), [])
    },
  },
  {
    id: 'letters/one-of-two-takes-it',
    level: 'required',
    statement: 'While a transaction has taken a letter, take of another MUST answer `false` without waiting.',
    intent: 'All handlers of a process wait for one letter, or handle it one after the other.',
    requires: [deadLetters, severalWriters],
    async verify(harness, { time }) {
      const letters = need(harness, deadLetters)
      const other = await letters.other()
      await buryAll(letters, ['a', 'b'])
      await letters.role.redrive({ all: true })
      const { first, early } = await overlap(time, {
        first: { runner: letters.runner, work: (tx) => letters.role.take(tx, { consumer, key: 'a' }) },
        second: async () => [await take(other, 'a'), await take(other, 'b')],
        end: 'commit',
        ...withoutWaiting,
      })
      assert.equal(first, true)
      assert.deepEqual(early, [false, false])
      assert.equal(await take(other, 'b'), true)
    },
  },
  {
    id: 'letters/take-refuses-what-is-not-due',
    level: 'required',
    statement: 'take MUST answer `false` for a letter that is dead, not due yet, or not there.',
    intent: 'A letter that was discarded or buried since it was read is handled all the same.',
    requires,
    async verify(harness) {
      const letters = need(harness, deadLetters)
      await buryAll(letters, ['a'])
      await letters.role.bury(burial('b', { scope, redriveInMs: 60_000 }))
      assert.deepEqual(
        [await take(letters, 'a'), await take(letters, 'b'), await take(letters, 'c')],
        [false, false, false],
      )
      assert.deepEqual(keysOf(await letters.role.list()), ['a', 'b'])
    },
  },
  {
    id: 'letters/take-needs-a-transaction',
    level: 'required',
    statement: 'take MUST refuse a handle that is not inside an open transaction, taking nothing.',
    intent: 'A letter is removed for good before its handler has begun.',
    requires,
    async verify(harness) {
      const letters = need(harness, deadLetters)
      await buryAll(letters, ['a'])
      await letters.role.redrive({ all: true })
      const ended = await letters.runner.transaction(async (tx) => ({ tx }))
      const taking = async () => letters.role.take(ended.tx, { consumer, key: 'a' })
      await assert.rejects(taking, { code: 'TRANSACTION_REQUIRED' })
      assert.deepEqual(await dueKeys(letters), ['a'])
    },
  },
  {
    id: 'letters/come-back-by-themselves',
    level: 'required',
    statement: 'With `redriveInMs` a letter MUST be due after so many milliseconds, not before, and count as redriven.',
    intent: 'What an outage of an hour has killed waits for a person for a week.',
    requires,
    async verify(harness, { time }) {
      const letters = need(harness, deadLetters)
      await letters.role.bury(burial('a', { redriveInMs: 400 * time.pace }))
      const early = await letters.role.due(consumer, 10)
      assert.deepEqual(early.letters, [])
      assert.ok(early.nextDueInMs !== null && early.nextDueInMs > 0 && early.nextDueInMs <= 400 * time.pace)
      await time.eventually('the letter to be due', async () => (await dueKeys(letters))[0])
      const late = await letters.role.due(consumer, 10)
      assert.equal(late.nextDueInMs, null, 'nothing else is to come')
      const [letter] = late.letters
      assert.ok(letter !== undefined && letter.redriveInMs !== null && letter.redriveInMs <= 0)
      assert.equal(letter.redrives, 1)
    },
  },
  {
    id: 'letters/redrive-counts',
    level: 'required',
    statement: 'redrive MUST make what matches due, count it once, pass over what is no message, and answer how many.',
    intent: 'A letter that can never be read comes back for ever.',
    requires,
    async verify(harness) {
      const letters = need(harness, deadLetters)
      await letters.role.bury(burial('a'))
      await letters.role.bury(foreignBurial('b'))
      await letters.role.bury(burial('c', { scope, receipt: { consumer: 'mailer', key: 'c' } }))
      assert.equal(await letters.role.redrive({ all: true }, { dryRun: true }), 2)
      assert.deepEqual(await dueKeys(letters), [], 'a dry run changed something')
      assert.equal(await letters.role.redrive({ consumer }), 1)
      assert.deepEqual(await dueKeys(letters), ['a'])
      const redrives = (await letters.role.list()).map(({ redrives }) => redrives)
      assert.deepEqual(redrives, [1, 0, 0])
    },
  },
  {
    id: 'letters/redrive-is-spread',
    level: 'required',
    statement: 'With `perSecond`, redrive MUST spread the letters over time, in the order of their burials.',
    intent: 'The flood after an outage brings the next one about.',
    requires,
    async verify(harness, { time }) {
      const letters = need(harness, deadLetters)
      const keys = ['c', 'a', 'b', 'd', 'e']
      for (const key of keys) await letters.role.bury(burial(key, { scope: `orders\u0000${key}` }))
      assert.equal(await letters.role.redrive({ all: true }, { perSecond: 1 }), 5)
      await passed(time, 20)
      assert.deepEqual(await dueKeys(letters), ['c'])
      const dueIn = (await letters.role.list()).map(({ redriveInMs }) => redriveInMs ?? Number.NaN)
      const first = dueIn[0] ?? Number.NaN
      // Each is read at its own moment of one statement.
      for (const [index, ms] of dueIn.entries()) assert.ok(Math.abs(ms - first - index * 1000) < 200, `${dueIn}`)
    },
  },
  {
    id: 'letters/crowd-takes-each-once-in-order',
    level: 'stress',
    statement: 'However many processes take letters, and however often they fail, each MUST be taken once, in order.',
    intent: 'A redrive of a thousand letters handles some twice, and some before their predecessors.',
    requires,
    async verify(harness, { repetitions }) {
      const letters = need(harness, deadLetters)
      const scopes = ['k', 'l', 'm']
      const count = repetitions * 3
      for (let index = 0; index < count; index++) {
        for (const each of scopes) await letters.role.bury(burial(`${each} ${index}`, { scope: `orders\u0000${each}` }))
      }
      await letters.role.redrive({ all: true })
      const taken: string[] = []
      const crew = [letters, await letters.other(), letters].map(async (each) => {
        for (let turn = 0; taken.length < count * scopes.length; turn++) {
          for (const key of await dueKeys(each)) {
            const attempt = each.runner.transaction(async (tx) => {
              if (!(await each.role.take(tx, { consumer, key }))) return
              if (turn % 3 === 1) throw new Error('the handler failed')
              // Here and not after the commit, of which others may hear first.
              taken.push(key)
            })
            await attempt.catch(() => undefined)
          }
        }
      })
      await Promise.all(crew)
      for (const each of scopes) {
        const own = taken.filter((key) => key.startsWith(each))
        assert.deepEqual(
          own,
          Array.from({ length: count }, (_, index) => `${each} ${index}`),
        )
      }
    },
  },
]
