import assert from 'node:assert/strict'
import type { ReceiptOutcome } from '@waybill/core/contracts'
import type { Timeline } from '../eventually.ts'
import type { Rule } from '../rule.ts'
import type { AnyInboxHarness } from './harness.ts'
import { otherProcess, receipts, record } from './record.rules.ts'

export const inboxConcurrencyRules: readonly Rule<AnyInboxHarness>[] = [
  {
    id: 'record/two-concurrent-transactions-yield-one-recorded',
    level: 'required',
    statement:
      'Of two transactions that record one receipt at a time, one MUST get `recorded`, and the other wait and get `duplicate`.',
    intent: 'Two deliveries look before they write, both see nothing, and both handlers run.',
    async verify(harness, { time }) {
      const { first, second } = await race(harness, time, 'commit')
      assert.deepEqual(first, ['recorded'])
      assert.deepEqual(second, ['duplicate'])
    },
  },
  {
    id: 'record/takes-over-from-a-rollback',
    level: 'required',
    statement: 'A transaction that waited for a receipt MUST get `recorded` when the first one rolled back.',
    intent: 'The waiting delivery is told duplicate, the first one fails, and nobody applies the effect.',
    async verify(harness, { time }) {
      const { second } = await race(harness, time, 'roll back')
      assert.deepEqual(second, ['recorded'])
      assert.deepEqual(await record(harness, ['m']), ['duplicate'])
    },
  },
  {
    id: 'record/batches-do-not-deadlock',
    level: 'required',
    statement: 'record MUST write in the order of the keys, so that batches that overlap cannot wait for each other.',
    intent: 'Two consumers with the same messages in another order deadlock under load, again and again.',
    async verify(harness) {
      const other = await otherProcess(harness)
      const keys = Array.from({ length: 40 }, (_, index) => `m${index}`)
      const outcomes = await Promise.all([record(harness, keys), record(other, keys.toReversed())])
      const recorded = outcomes.map((batch) => batch.filter((outcome) => outcome === 'recorded').length)
      assert.deepEqual(
        recorded.toSorted((a, b) => a - b),
        [0, 40],
      )
    },
  },
  {
    id: 'receipts/prune-removes-old',
    level: 'required',
    statement: 'prune MUST remove all receipts older than `olderThanMs`, also in several batches, and answer how many.',
    intent: 'Receipts are the fastest growing table of a consumer.',
    async verify(harness, { time }) {
      await record(harness, ['a', 'b', 'c', 'd', 'e'])
      await time.throughout(150, async () => undefined)
      assert.equal(await harness.inbox.prune({ olderThanMs: 100, batchSize: 2 }), 5)
      assert.deepEqual(await record(harness, ['a']), ['recorded'])
    },
  },
  {
    id: 'receipts/prune-keeps-recent',
    level: 'required',
    statement: 'prune MUST keep receipts that are younger than `olderThanMs`, of every consumer.',
    intent: 'A receipt that is gone too early lets a late duplicate through.',
    async verify(harness) {
      await record(harness, ['a'])
      await record(harness, ['a'], 'mailer')
      assert.equal(await harness.inbox.prune({ olderThanMs: 3_600_000 }), 0)
      assert.deepEqual(await record(harness, ['a']), ['duplicate'])
      assert.deepEqual(await record(harness, ['a'], 'mailer'), ['duplicate'])
    },
  },
  {
    id: 'inbox/states-its-version',
    level: 'required',
    statement: 'An inbox MUST state the version of the contracts that it was made for, and a name.',
    intent: 'An adapter of another major version fails in the middle of the night and not at start-up.',
    async verify({ inbox }) {
      assert.equal(inbox.specificationVersion, 'v1')
      assert.notEqual(inbox.name, '')
    },
  },
]

interface Race {
  readonly first: readonly ReceiptOutcome[] | undefined
  readonly second: readonly ReceiptOutcome[]
}

/** Two transactions record the same receipt; the first ends when the second has had the time to look. */
async function race(harness: AnyInboxHarness, time: Timeline, end: 'commit' | 'roll back'): Promise<Race> {
  const other = await otherProcess(harness)
  const [hasRecorded, mayEnd] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const first = harness.runner.transaction(async (tx) => {
    const outcomes = await harness.inbox.record(tx, receipts(['m']))
    hasRecorded.resolve()
    await mayEnd.promise
    if (end === 'roll back') throw new Error('the handler failed')
    return outcomes
  })
  await Promise.race([hasRecorded.promise, first])
  const second = record(other, ['m'])
  const early = await time.within(150, second)
  mayEnd.resolve()
  const answer = await first.catch(() => undefined)
  assert.equal(early, undefined, `the second was told ${early} while the first was open`)
  return { first: answer, second: await second }
}
