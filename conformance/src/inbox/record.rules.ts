import assert from 'node:assert/strict'
import type { Receipt, ReceiptOutcome } from '@waybill/core/contracts'
import type { Rule } from '../rule.ts'
import type { OpaqueTransaction } from '../transaction.ts'
import type { AnyInboxHarness, InboxConnection } from './harness.ts'

export const recordRules: readonly Rule<AnyInboxHarness>[] = [
  {
    id: 'record/outcomes-align',
    level: 'required',
    statement: 'record MUST answer one outcome for each receipt, aligned by index.',
    intent: 'An implementation that sorts for safety, and answers in that order, drops the wrong message.',
    async verify(harness) {
      await record(harness, ['m', 'c', 'x'])
      const outcomes = await record(harness, ['z', 'x', 'a', 'm', 'b', 'c'])
      assert.deepEqual(outcomes, ['recorded', 'duplicate', 'recorded', 'duplicate', 'recorded', 'duplicate'])
    },
  },
  {
    id: 'record/committed-receipt-is-a-duplicate',
    level: 'required',
    statement: 'record MUST answer `duplicate` for a receipt that has been committed, in every process.',
    intent: 'The broker delivers again after a lost acknowledgement, and the invoice is written twice.',
    async verify(harness) {
      assert.deepEqual(await record(harness, ['m']), ['recorded'])
      assert.deepEqual(await record(harness, ['m']), ['duplicate'])
      assert.deepEqual(await record(await otherProcess(harness), ['m']), ['duplicate'])
    },
  },
  {
    id: 'record/rolled-back-receipt-can-be-recorded-again',
    level: 'required',
    statement: 'record MUST take part in the given transaction: a rollback leaves no receipt.',
    intent: 'A receipt that outlives its failed handler turns the redelivery into a duplicate: the effect is lost.',
    async verify(harness) {
      const failure = new Error('the handler failed')
      const work = async (tx: OpaqueTransaction) => {
        assert.deepEqual(await harness.inbox.record(tx, receipts(['m'])), ['recorded'])
        throw failure
      }
      await assert.rejects(harness.runner.transaction(work), failure)
      assert.deepEqual(await record(harness, ['m']), ['recorded'])
    },
  },
  {
    id: 'record/second-in-a-call-is-a-duplicate',
    level: 'required',
    statement: 'record MUST answer `duplicate` to the second of two equal receipts of one call.',
    intent: 'A batch that holds a redelivery beside the original applies the effect twice.',
    async verify(harness) {
      assert.deepEqual(await record(harness, ['a', 'b', 'a', 'a']), ['recorded', 'recorded', 'duplicate', 'duplicate'])
    },
  },
  {
    id: 'record/consumers-are-independent',
    level: 'required',
    statement: 'record MUST keep the receipts of each consumer apart.',
    intent: 'The mailer never sees an order because billing has handled it.',
    async verify(harness) {
      await record(harness, ['m'], 'billing')
      assert.deepEqual(await record(harness, ['m'], 'mailer'), ['recorded'])
      assert.deepEqual(await record(harness, ['gm'], 'billin'), ['recorded'], 'names and keys run together')
    },
  },
  {
    id: 'record/compares-byte-for-byte',
    level: 'required',
    statement: 'record MUST compare consumers and keys byte for byte.',
    intent: "A collation takes 'A' and 'a' for one key, or ignores trailing spaces, and drops the second message.",
    async verify(harness) {
      const keys = ['key', 'KEY', 'key ', ' key', 'k\u00e9y', 'ke\u0301y', 'k'.repeat(255), `${'k'.repeat(254)}l`, '🚚']
      assert.deepEqual(
        await record(harness, keys),
        keys.map(() => 'recorded'),
      )
      assert.deepEqual(await record(harness, ['key'], 'BILLING'), ['recorded'])
      assert.deepEqual(
        await record(harness, keys),
        keys.map(() => 'duplicate'),
      )
    },
  },
  {
    id: 'record/accepts-an-empty-array',
    level: 'required',
    statement: 'record MUST accept an empty array and answer an empty array.',
    intent: 'A statement without rows is a syntax error, found on the day when a batch happens to be empty.',
    async verify(harness) {
      assert.deepEqual(await record(harness, []), [])
    },
  },
  {
    id: 'record/needs-a-transaction',
    level: 'required',
    statement: 'record MUST refuse a handle that is not inside an open transaction, writing nothing.',
    intent: 'A receipt that commits before the effect loses the effect when the process is killed between them.',
    async verify(harness) {
      const ended = await harness.runner.transaction(async (tx) => ({ tx }))
      await assert.rejects(async () => harness.inbox.record(ended.tx, receipts(['m'])), {
        code: 'TRANSACTION_REQUIRED',
      })
      assert.deepEqual(await record(harness, ['m']), ['recorded'])
    },
  },
]

export function receipts(keys: readonly string[], consumer = 'billing'): readonly Receipt[] {
  return keys.map((key) => ({ consumer, key }))
}

/** Records and commits. */
export function record(
  { inbox, runner }: InboxConnection<OpaqueTransaction>,
  keys: readonly string[],
  consumer?: string,
): Promise<readonly ReceiptOutcome[]> {
  return runner.transaction((tx) => inbox.record(tx, receipts(keys, consumer)))
}

/** The second process where the harness has one, else the same. */
export async function otherProcess(harness: AnyInboxHarness): Promise<InboxConnection<OpaqueTransaction>> {
  return (await harness.reopen?.()) ?? harness
}
