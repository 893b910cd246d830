import assert from 'node:assert/strict'
import type { CommandClaim, CommandClaimRequest } from '@waybill/core/contracts'
import { need, type Rule } from '../rule.ts'
import type { OpaqueTransaction } from '../transaction.ts'
import { type Commands, commands } from './abilities.ts'
import type { AnyInboxHarness } from './harness.ts'
import { rolledBack } from './overlap.ts'

const requires = [commands]

/** Results that are kept, one transaction after the other. */
export const commandRules: readonly Rule<AnyInboxHarness>[] = [
  {
    id: 'command/result-is-kept',
    level: 'required',
    statement:
      'claim and find MUST answer the fingerprint and the result of a completed command, any text bit for bit.',
    intent: 'A client that repeats its request gets another answer than the first time.',
    requires,
    async verify(harness) {
      const storage = need(harness, commands)
      const results = ['', '{"id":"ü 🚚"}', 'nul \u0000 \ud800 alone', `"quotes" \\ 'n'`, 'x'.repeat(100_000)]
      for (const [index, result] of results.entries()) {
        const done = { fingerprint: 'f', result }
        assert.deepEqual(await carryOut(storage, { key: `k${index}` }, result), { type: 'new' })
        assert.deepEqual(await carryOut(storage, { key: `k${index}`, fingerprint: 'other' }), { type: 'done', ...done })
        assert.deepEqual(await (await storage.other()).role.find({ scope: 's', key: `k${index}` }), done)
      }
    },
  },
  {
    id: 'command/rolled-back-command-is-new',
    level: 'required',
    statement: 'A rollback MUST leave neither claim nor result.',
    intent: 'The order was not made, and every repeat of the request is told that it was.',
    requires,
    async verify(harness) {
      const { role, runner } = need(harness, commands)
      const claimed = await rolledBack(runner, async (tx) => {
        const claim = await role.claim(tx, request())
        await role.complete(tx, command, 'made')
        return claim
      })
      assert.deepEqual(claimed, { type: 'new' })
      assert.equal(await role.find(command), null)
      assert.deepEqual(await carryOut({ role, runner }), { type: 'new' })
    },
  },
  {
    id: 'command/never-completed-is-new',
    level: 'required',
    statement: 'A command that was claimed and never completed MUST be new for the next transaction, and find nothing.',
    intent: 'Work that caught its own error and committed leaves a key that nobody can ever use.',
    requires,
    async verify(harness) {
      const { role, runner } = need(harness, commands)
      await runner.transaction((tx) => role.claim(tx, request()))
      assert.equal(await role.find(command), null)
      const claimed = await carryOut({ role, runner }, { fingerprint: 'second' }, 'made')
      assert.deepEqual(claimed, { type: 'new' })
      assert.deepEqual(await role.find(command), { fingerprint: 'second', result: 'made' })
    },
  },
  {
    id: 'command/expired-is-new',
    level: 'required',
    statement: 'After `retentionMs` by the clock of the database the command MUST be new, and find nothing.',
    intent: 'Keys that clients use again after a year answer with an order of last year.',
    requires,
    async verify(harness, { time }) {
      const storage = need(harness, commands)
      await carryOut(storage, { retentionMs: 100 })
      await time.throughout(150, async () => undefined)
      assert.equal(await storage.role.find(command), null)
      assert.deepEqual(await carryOut(storage, {}, 'second'), { type: 'new' })
      assert.equal((await storage.role.find(command))?.result, 'second')
    },
  },
  {
    id: 'command/keys-are-compared-byte-for-byte',
    level: 'required',
    statement: 'Commands MUST be kept apart by scope and key, each compared byte for byte.',
    intent: "One customer's request is answered with another customer's result.",
    requires,
    async verify(harness) {
      const storage = need(harness, commands)
      for (const [scope, key] of [
        ['s', 'key'],
        ['S', 'key'],
        ['s', 'KEY'],
        ['s', 'key '],
        ['sk', 'ey'],
      ]) {
        assert.deepEqual(await carryOut(storage, { scope: `${scope}`, key: `${key}` }), { type: 'new' })
      }
    },
  },
  {
    id: 'command/needs-a-transaction',
    level: 'required',
    statement: 'claim MUST refuse a handle that is not inside an open transaction, writing nothing.',
    intent: 'A claim that commits by itself is a claim without its work.',
    requires,
    async verify(harness) {
      const storage = need(harness, commands)
      const ended = await storage.runner.transaction(async (tx) => ({ tx }))
      await assert.rejects(async () => storage.role.claim(ended.tx, request()), { code: 'TRANSACTION_REQUIRED' })
      assert.deepEqual(await carryOut(storage), { type: 'new' })
    },
  },
  {
    id: 'command/prune-removes-expired',
    level: 'required',
    statement:
      'prune MUST remove what expired `olderThanMs` ago or earlier, also in several batches, and nothing else.',
    intent: 'The table grows with every request that was ever made, or forgets what a client may still repeat.',
    requires,
    async verify(harness, { time }) {
      const storage = need(harness, commands)
      for (const key of ['a', 'b', 'c', 'd', 'e']) await carryOut(storage, { key, retentionMs: 50 })
      await carryOut(storage, { key: 'young' })
      assert.equal(await storage.role.prune({ olderThanMs: 3_600_000 }), 0)
      await time.throughout(200, async () => undefined)
      assert.equal(await storage.role.prune({ olderThanMs: 100, batchSize: 2 }), 5)
      assert.equal((await storage.role.find({ scope: 's', key: 'young' }))?.result, 'done')
    },
  },
]

export const command = { scope: 's', key: 'k' }

export function request(fields: Partial<CommandClaimRequest> = {}): CommandClaimRequest {
  return { ...command, fingerprint: 'f', retentionMs: 3_600_000, whenBusy: 'wait', ...fields }
}

/** Claims, completes what is new, and commits. */
export function carryOut(
  { role, runner }: Pick<Commands, 'role' | 'runner'>,
  fields: Partial<CommandClaimRequest> = {},
  result = 'done',
): Promise<CommandClaim> {
  return runner.transaction((tx) => carryOutIn(role, tx, fields, result))
}

export async function carryOutIn(
  role: Commands['role'],
  tx: OpaqueTransaction,
  fields: Partial<CommandClaimRequest> = {},
  result = 'done',
): Promise<CommandClaim> {
  const claim = await role.claim(tx, request(fields))
  if (claim.type === 'new') await role.complete(tx, request(fields), result)
  return claim
}
