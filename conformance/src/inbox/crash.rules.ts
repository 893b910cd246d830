import assert from 'node:assert/strict'
import { need, type Rule } from '../rule.ts'
import { crashMarks } from './abilities.ts'
import type { AnyInboxHarness } from './harness.ts'
import { rolledBack } from './overlap.ts'

const receipt = { consumer: 'billing', key: 'm' }
const requires = [crashMarks]

/** What finds a message that takes its process with it. */
export const crashRules: readonly Rule<AnyInboxHarness>[] = [
  {
    id: 'crash/counts-beginnings-without-end',
    level: 'required',
    statement: 'begin and count MUST answer how many beginnings of the receipt have no end, begin its own included.',
    intent: 'A message that kills its process is never found, or one that works is taken for it.',
    requires,
    async verify(harness) {
      const { role } = need(harness, crashMarks)
      assert.equal(await role.count(receipt), 0)
      assert.equal(await role.begin(receipt), 1, 'count wrote something')
      assert.equal(await role.begin(receipt), 2)
      assert.equal(await role.count(receipt), 2)
      assert.equal(await role.begin({ ...receipt, consumer: 'mailer' }), 1, 'consumers share beginnings')
      assert.equal(await role.begin({ ...receipt, key: 'M' }), 1, 'keys are not compared byte for byte')
    },
  },
  {
    id: 'crash/begin-is-durable',
    level: 'required',
    statement: 'begin MUST have committed when it resolves, whatever transaction is open meanwhile.',
    intent: 'The process dies with its mark: the message is delivered for ever, and ends one process after the other.',
    requires,
    async verify(harness) {
      const marks = need(harness, crashMarks)
      const other = await marks.other()
      await marks.role.begin(receipt)
      assert.equal(await other.role.count(receipt), 1)
      assert.equal(await other.role.begin(receipt), 2)
      assert.equal(await marks.role.count(receipt), 2)
    },
  },
  {
    id: 'crash/end-belongs-to-its-transaction',
    level: 'required',
    statement: 'end MUST forget the beginnings in the given transaction: a rollback keeps them.',
    intent: 'A process that dies at the commit leaves no trace, and the message is never recognised.',
    requires,
    async verify(harness) {
      const { role, runner } = need(harness, crashMarks)
      await role.begin(receipt)
      await rolledBack(runner, (tx) => role.end(tx, receipt))
      assert.equal(await role.count(receipt), 1)
      await runner.transaction((tx) => role.end(tx, receipt))
      assert.equal(await role.count(receipt), 0)
      assert.equal(await role.begin(receipt), 1)
    },
  },
  {
    id: 'crash/end-needs-no-beginning',
    level: 'required',
    statement: 'end and forget MUST do nothing for a receipt without beginnings.',
    intent: 'Every first delivery fails, because only second ones are marked.',
    requires,
    async verify(harness) {
      const { role, runner } = need(harness, crashMarks)
      await runner.transaction((tx) => role.end(tx, receipt))
      await role.forget(receipt)
      assert.equal(await role.count(receipt), 0)
    },
  },
  {
    id: 'crash/forget-keeps-those-of-others',
    level: 'required',
    statement:
      'forget MUST forget all beginnings of its receipt, in a transaction of its own, and of no other receipt.',
    intent: 'A handler that fails in an orderly way is buried as one that kills its process.',
    requires,
    async verify(harness) {
      const { role } = need(harness, crashMarks)
      const another = { ...receipt, key: 'n' }
      for (const each of [receipt, receipt, another]) await role.begin(each)
      await role.forget(receipt)
      assert.deepEqual([await role.count(receipt), await role.count(another)], [0, 1])
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
      await role.begin(receipt)
      assert.equal(await inbox.prune({ olderThanMs: 3_600_000 }), 0)
      assert.equal(await role.count(receipt), 1)
      await time.throughout(150, async () => undefined)
      assert.equal(await inbox.prune({ olderThanMs: 100 }), 0)
      assert.equal(await role.count(receipt), 0)
    },
  },
]
