import type { InboxStorage, TransactionRunner } from '@waybill/core/contracts'
import { expect } from 'vitest'

type AnyInbox<Tx> = Required<InboxStorage<Tx>> & TransactionRunner<Tx>

/** Does everything once that an inbox can do beside receipts. */
export async function useAll<Tx>(inbox: AnyInbox<Tx>): Promise<void> {
  const { crashes, deadLetters, commands, transitions } = inbox
  const receipt = { consumer: 'billing', key: 'all' }
  for (const beginning of ['a', 'b', 'b']) await crashes.begin(receipt, beginning)
  await crashes.withdraw(receipt, 'a')
  expect(await crashes.list(receipt)).toEqual(['b'])
  await inbox.transaction((tx) => crashes.end(tx, receipt))
  await crashes.forget(receipt)
  const message = { id: 'all', topic: 't', type: 't', payload: Buffer.from('{}'), contentType: 'application/json' }
  await deadLetters.bury({
    receipt,
    message: { ...message, headers: {}, schemaVersion: 1, createdAt: 0 },
    scope: 't\u0000all',
    raw: { body: message.payload, headers: {} },
    source: { topic: 't' },
    reason: 'rejected',
    error: { code: 'X', message: 'no' },
    attempts: 1,
  })
  expect(await deadLetters.edit(receipt, message.payload)).toBe(true)
  expect(await deadLetters.redrive({ consumer: 'billing' })).toBe(1)
  expect((await deadLetters.due('billing', 10)).letters).toHaveLength(1)
  expect(await inbox.transaction((tx) => deadLetters.take(tx, receipt))).toBe(true)
  expect(await deadLetters.discard({ all: true })).toBe(0)
  const command = { scope: 's', key: 'k', fingerprint: 'f', retentionMs: 1000 }
  for (const whenBusy of ['wait', 'refuse'] as const) {
    const claim = await inbox.transaction(async (tx) => {
      const claim = await commands.claim(tx, { ...command, key: whenBusy, whenBusy })
      await commands.complete(tx, { ...command, key: whenBusy }, 'done')
      return claim
    })
    expect(claim).toEqual({ type: 'new' })
    expect(await commands.find({ ...command, key: whenBusy })).toEqual({ fingerprint: 'f', result: 'done' })
  }
  expect(await commands.prune({ olderThanMs: 0 })).toBe(0)
  const transition = { machine: 'order', entity: 'o-1', from: null, to: 'placed' }
  const appended = await inbox.transaction((tx) => transitions.append(tx, transition))
  expect(appended).toEqual({ type: 'appended', sequence: 1 })
  expect(await transitions.history('order', 'o-1')).toHaveLength(1)
}
