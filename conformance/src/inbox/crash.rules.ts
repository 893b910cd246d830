import assert from 'node:assert/strict'
import { need, type Rule } from '../rule.ts'
import { crashMarks } from './abilities.ts'
import type { AnyInboxHarness } from './harness.ts'
import { rolledBack } from './overlap.ts'

const receipt = { consumer: 'billing', key: 'm' }
const another = { ...receipt, key: 'n' }
const requires = [crashMarks]

/** What finds a message that takes its process with it. */
export const crashRules: readonly Rule<AnyInboxHarness>[] = [
  {
    id: 'crash/counts-beginnings-without-end',
    level: 'required',
    statement: 'list MUST answer the beginnings of the receipt that have no end, oldest first, and write nothing.',
    intent: 'A message that kills its process is never found, or one that works is taken for it.',
    requires,
    async verify(harness, { time }) {
      const { role } = need(harness, crashMarks)
      assert.deepEqual(await role.list(receipt), [])
      await role.begin(receipt, 'z')
      // Time enough for every clock.
      await time.throughout(20, async () => undefined)
      await role.begin(receipt, 'a')
      assert.deepEqual(await role.list(receipt), ['z', 'a'])
      await role.begin({ ...receipt, consumer: 'mailer' }, 'b')
      assert.deepEqual(await role.list({ ...receipt, consumer: 'mailer' }), ['b'], 'consumers share beginnings')
      await role.begin({ ...receipt, key: 'M' }, 'c')
      assert.deepEqual(await role.list({ ...receipt, key: 'M' }), ['c'], 'keys are not compared byte for byte')
    },
  },
  {
    id: 'crash/beginning-counts-once',
    level: 'required',
    statement: 'begin repeated with the same name MUST be one beginning, also by several calls at once.',
    intent: 'The answer of the database is lost, the consumer asks again, and a message has crashed twice in one life.',
    requires,
    async verify(harness) {
      const { role } = need(harness, crashMarks)
      await role.begin(receipt, 'a')
      await Promise.all([1, 2, 3].map(() => role.begin(receipt, 'a')))
      assert.deepEqual(await role.list(receipt), ['a'])
      await role.withdraw(receipt, 'a')
      assert.deepEqual(await role.list(receipt), [])
    },
  },
  {
    id: 'crash/begin-is-durable',
    level: 'required',
    statement: 'begin MUST have committed when it resolves: every process sees it.',
    intent: 'The process dies with its mark: the message is delivered for ever, and ends one process after the other.',
    requires,
    async verify(harness) {
      const marks = need(harness, crashMarks)
      const other = await marks.other()
      await marks.role.begin(receipt, 'a')
      assert.deepEqual(await other.role.list(receipt), ['a'])
      await other.role.begin(receipt, 'b')
      assert.deepEqual((await marks.role.list(receipt)).toSorted(), ['a', 'b'])
    },
  },
  {
    id: 'crash/withdraws-one-beginning',
    level: 'required',
    statement:
      'withdraw MUST take away the named beginning and no other, durably, and do nothing where it is not there.',
    intent:
      'A handler that fails now and then and kills its process otherwise is never found: each failure wipes its crashes away.',
    requires,
    async verify(harness) {
      const marks = need(harness, crashMarks)
      const other = await marks.other()
      for (const name of ['crashed', 'failed']) await marks.role.begin(receipt, name)
      await other.role.begin(receipt, 'elsewhere')
      await other.role.begin(another, 'failed')
      await marks.role.withdraw(receipt, 'failed')
      await marks.role.withdraw(receipt, 'failed')
      assert.deepEqual((await other.role.list(receipt)).toSorted(), ['crashed', 'elsewhere'])
      assert.deepEqual(await other.role.list(another), ['failed'])
    },
  },
  {
    id: 'crash/processes-mark-side-by-side',
    level: 'required',
    statement: 'Processes that begin and withdraw at the same time MUST NOT lose or take away marks of one another.',
    intent: 'Of two processes that have a message at once the one that lets go of it wipes away the mark of the other.',
    requires,
    async verify(harness) {
      const marks = need(harness, crashMarks)
      const other = await marks.other()
      const stay = async ({ role }: typeof marks, name: string) => {
        await role.begin(receipt, name)
        if (!name.startsWith('kept')) await role.withdraw(receipt, name)
      }
      const places = [1, 2, 3, 4].flatMap((place) => [
        stay(marks, `left ${place}`),
        stay(other, `kept ${place}`),
        stay(other, `gone ${place}`),
      ])
      await Promise.all(places)
      assert.deepEqual((await marks.role.list(receipt)).toSorted(), ['kept 1', 'kept 2', 'kept 3', 'kept 4'])
    },
  },
  {
    id: 'crash/end-belongs-to-its-transaction',
    level: 'required',
    statement: 'end MUST forget all beginnings in the given transaction: a rollback keeps them.',
    intent: 'A process that dies at the commit leaves no trace, and the message is never recognised.',
    requires,
    async verify(harness) {
      const { role, runner } = need(harness, crashMarks)
      for (const name of ['a', 'b']) await role.begin(receipt, name)
      await role.begin(another, 'a')
      await rolledBack(runner, (tx) => role.end(tx, receipt))
      assert.equal((await role.list(receipt)).length, 2)
      await runner.transaction((tx) => role.end(tx, receipt))
      assert.deepEqual(await role.list(receipt), [])
      assert.deepEqual(await role.list(another), ['a'])
      await role.begin(receipt, 'c')
      assert.deepEqual(await role.list(receipt), ['c'])
    },
  },
  {
    id: 'crash/end-needs-no-beginning',
    level: 'required',
    statement: 'end, withdraw and forget MUST do nothing for a receipt without beginnings.',
    intent: 'Every first delivery fails, because only second ones are marked.',
    requires,
    async verify(harness) {
      const { role, runner } = need(harness, crashMarks)
      await runner.transaction((tx) => role.end(tx, receipt))
      await role.withdraw(receipt, 'a')
      await role.forget(receipt)
      assert.deepEqual(await role.list(receipt), [])
    },
  },
  {
    id: 'crash/forget-keeps-those-of-others',
    level: 'required',
    statement:
      'forget MUST forget all beginnings of its receipt, in a transaction of its own, and of no other receipt.',
    intent: 'A message that was given up for another reason is taken for a killer when it is redriven.',
    requires,
    async verify(harness) {
      const { role } = need(harness, crashMarks)
      for (const name of ['a', 'b']) await role.begin(receipt, name)
      await role.begin(another, 'a')
      await role.forget(receipt)
      assert.deepEqual([await role.list(receipt), await role.list(another)], [[], ['a']])
    },
  },
  {
    id: 'crash/prune-removes-old-marks',
    level: 'required',
    statement:
      'prune of the inbox MUST remove marks older than `olderThanMs`, counting only receipts, and keep others.',
    intent: 'A message that went elsewhere leaves its marks for ever.',
    requires,
    async verify(harness, { time }) {
      const { role, inbox } = need(harness, crashMarks)
      for (const name of ['a', 'b', 'c']) await role.begin(receipt, name)
      assert.equal(await inbox.prune({ olderThanMs: 3_600_000 }), 0)
      assert.equal((await role.list(receipt)).length, 3)
      await time.throughout(150, async () => undefined)
      assert.equal(await inbox.prune({ olderThanMs: 100, batchSize: 1 }), 0)
      assert.deepEqual(await role.list(receipt), [])
    },
  },
  {
    id: 'crash/marks-grow-old-together',
    level: 'required',
    statement: 'prune of the inbox MUST keep all marks of a receipt while one of them is young, and touch no other.',
    intent:
      'A message that kills a process every few days is never found: its first crash is forgotten before the third.',
    requires,
    async verify(harness, { time }) {
      const { role, inbox } = need(harness, crashMarks)
      for (const each of [receipt, another]) await role.begin(each, 'old')
      await time.throughout(2300, async () => undefined)
      await role.begin(receipt, 'young')
      assert.equal(await inbox.prune({ olderThanMs: 2000, batchSize: 1 }), 0)
      assert.deepEqual(await role.list(receipt), ['old', 'young'])
      assert.deepEqual(await role.list(another), [])
    },
  },
]
