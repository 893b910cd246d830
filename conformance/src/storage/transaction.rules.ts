import assert from 'node:assert/strict'
import type { Rule } from '../rule.ts'
import { sample } from '../samples.ts'
import type { AnyStorageHarness } from './harness.ts'

export const transactionRules: readonly Rule<AnyStorageHarness>[] = [
  {
    id: 'transaction/commits',
    level: 'required',
    statement: 'transaction MUST have committed when it resolves, and resolve with what the work returned.',
    intent: 'A wakeup after a transaction that has not committed finds nothing.',
    async verify({ storage, runner }) {
      const message = sample('m')
      const work = async (tx: Parameters<typeof storage.insert>[0]) => {
        await storage.insert(tx, [message])
        return 'done'
      }
      assert.equal(await runner.transaction(work), 'done')
      assert.equal((await storage.inspect(message.id))?.status, 'PENDING')
    },
  },
  {
    id: 'transaction/rolls-back',
    level: 'required',
    statement: 'transaction MUST roll back when the work rejects, and reject with what the work threw, unchanged.',
    intent: 'A handler that failed half-way leaves half of its effect; a wrapped error hides its code from the caller.',
    async verify({ storage, runner }) {
      const [before, after] = [sample('before'), sample('after')]
      const failure = { not: 'even an Error' }
      const work = async (tx: Parameters<typeof storage.insert>[0]) => {
        await storage.insert(tx, [before])
        return Promise.reject(failure)
      }
      const thrown = await runner.transaction(work).catch((error: unknown) => error)
      assert.ok(thrown === failure, `it did not reject with what the work threw, but with ${String(thrown)}`)
      await runner.transaction((tx) => storage.insert(tx, [after]))
      assert.equal(await storage.inspect(before.id), null, 'the rolled-back write came back with the next commit')
      assert.notEqual(await storage.inspect(after.id), null)
    },
  },
  {
    id: 'transaction/rolls-back-when-aborted',
    level: 'required',
    statement: 'transaction MUST roll back and reject with `signal.reason` when its signal fires before the commit.',
    intent: 'A handler that was told to stop, and committed all the same, is run again by the next consumer.',
    async verify({ storage, runner }) {
      const message = sample('m')
      const [controller, reason] = [new AbortController(), new Error('shutting down')]
      const work = async (tx: Parameters<typeof storage.insert>[0]) => {
        await storage.insert(tx, [message])
        controller.abort(reason)
      }
      const thrown = await runner.transaction(work, { signal: controller.signal }).catch((error: unknown) => error)
      assert.ok(thrown === reason, `it did not reject with the reason of the signal, but with ${String(thrown)}`)
      assert.equal(await storage.inspect(message.id), null)
    },
  },
  {
    id: 'transaction/concurrent-calls-are-separate',
    level: 'required',
    statement: 'transaction MUST give concurrent calls transactions of their own, or run them one after the other.',
    intent: 'Two handlers on one connection commit and roll back each other.',
    async verify({ storage, runner }) {
      const messages = Array.from({ length: 8 }, (_, index) => sample(`m${index}`))
      const failure = new Error('the business said no')
      await Promise.allSettled(
        messages.map((message, index) =>
          runner.transaction(async (tx) => {
            await storage.insert(tx, [message])
            if (index % 2 === 1) throw failure
          }),
        ),
      )
      for (const [index, { id }] of messages.entries()) {
        const found = await storage.inspect(id)
        assert.equal(found === null, index % 2 === 1, `${id} shared the fate of another transaction`)
      }
    },
  },
]
