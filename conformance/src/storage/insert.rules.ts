import assert from 'node:assert/strict'
import type { Rule } from '../rule.ts'
import { need } from '../rule.ts'
import { awkwardMessages, comparable, labelsOf, sample, samples } from '../samples.ts'
import type { OpaqueTransaction } from '../transaction.ts'
import { enqueue, joinAlone } from './enqueue.ts'
import { claimedLabels, HandDrivenRelay, publishInTurns } from './hand-driven-relay.ts'
import { type AnyStorageHarness, keyLock, plainInsert, synchronous, writers } from './harness.ts'

export const insertRules: readonly Rule<AnyStorageHarness>[] = [
  {
    id: 'insert/rolls-back',
    level: 'required',
    statement: 'insert MUST take part in the given transaction: its rollback leaves nothing of the messages.',
    intent: 'A write on another connection announces orders that were never placed.',
    async verify({ storage, runner }) {
      const messages = samples('m', 3)
      const failure = new Error('the business said no')
      const work = async (tx: OpaqueTransaction) => {
        await storage.insert(tx, messages)
        throw failure
      }
      await assert.rejects(runner.transaction(work), failure)
      for (const { id } of messages) assert.equal(await storage.inspect(id), null, `${id} outlived the rollback`)
    },
  },
  {
    id: 'insert/visible-only-after-commit',
    level: 'required',
    statement:
      'insert MUST NOT let a relay have a message before the transaction has committed, and MUST let it after.',
    intent: 'A relay that reads uncommitted rows publishes what may yet be rolled back.',
    async verify(harness, { time }) {
      const relay = await joinAlone(harness, time)
      const early = await harness.runner.transaction(async (tx) => {
        await harness.storage.insert(tx, samples('m', 3))
        const claim = relay.claim()
        return { seen: (await time.within(200, claim))?.messages ?? [], claim }
      })
      assert.deepEqual(claimedLabels(early.seen), [], 'handed out before the commit')
      const late = (await early.claim).messages
      const rest = late.length === 3 ? [] : await relay.collect(3 - late.length)
      assert.deepEqual(claimedLabels([...late, ...rest]).toSorted(), ['m1', 'm2', 'm3'])
    },
  },
  {
    id: 'insert/keeps-array-order',
    level: 'required',
    statement: 'insert MUST give the messages ascending positions in the order of the array.',
    intent: 'Multi-row statements and parallel inserts reorder the messages of one transaction.',
    async verify(harness, { time }) {
      const messages = samples('k', 60, { orderingKey: 'k' })
      await enqueue(harness, messages.slice(0, 40))
      await enqueue(harness, messages.slice(40))
      const relay = await HandDrivenRelay.join(harness.storage, time)
      const published = await publishInTurns([relay], time, messages.length, { limit: 7 })
      assert.deepEqual(published, labelsOf(messages))
    },
  },
  {
    id: 'insert/preserves-contents',
    level: 'required',
    statement:
      'insert MUST keep every byte of the payload and every character of ids, keys, headers and the other fields.',
    intent:
      'JSON columns reorder keys and lose numbers, narrow columns cut, three-byte charsets drop emoji, and 0 becomes null.',
    async verify(harness, { time }) {
      const messages = awkwardMessages().map((message) => ({
        ...message,
        expiresAt: 4_000_000_000_000,
        maxAttempts: 7,
      }))
      const relay = await joinAlone(harness, time)
      await enqueue(harness, messages)
      const claimed = new Map((await relay.collect(messages.length)).map(({ message }) => [message.id, message]))
      for (const message of messages) {
        const arrived = claimed.get(message.id)
        assert.ok(arrived, `${message.id} did not come back`)
        assert.deepEqual(comparable(arrived), comparable(message))
      }
    },
  },
  {
    id: 'insert/compares-ids-byte-for-byte',
    level: 'required',
    statement: 'insert MUST take ids that differ in case, trailing spaces or Unicode form for different ids.',
    intent: "A case-insensitive collation takes 'A' and 'a' for one message and refuses or loses the second.",
    async verify(harness) {
      const ids = ['order-e', 'ORDER-E', 'order-e ', 'order-\u00e9', 'order-e\u0301']
      await enqueue(
        harness,
        ids.map((id) => sample('m', { id })),
      )
      for (const id of ids) assert.equal((await harness.storage.inspect(id))?.message.id, id)
    },
  },
  {
    id: 'insert/needs-a-transaction',
    level: 'required',
    statement:
      'insert MUST refuse a handle that is not inside an open transaction with TRANSACTION_REQUIRED, writing nothing.',
    intent: 'A message that commits alone, before or without the business write, is a phantom or a loss.',
    async verify({ storage, runner, outsideTransaction }) {
      const ended = await runner.transaction(async (tx) => ({ tx }))
      for (const tx of [ended.tx, ...(outsideTransaction === undefined ? [] : [outsideTransaction()])]) {
        const message = sample('m')
        await assert.rejects(async () => storage.insert(tx, [message]), { code: 'TRANSACTION_REQUIRED' })
        assert.equal(await storage.inspect(message.id), null)
      }
    },
  },
  {
    id: 'insert/refuses-a-known-id',
    level: 'required',
    statement: 'insert MUST refuse an id that is already in the outbox, or twice in the call, with DUPLICATE_MESSAGE.',
    intent: 'An insert that ignores conflicts drops a message in silence.',
    async verify(harness) {
      const [known, other] = [sample('known'), sample('other')]
      await enqueue(harness, [known])
      await assert.rejects(enqueue(harness, [other, { ...known, type: 'order.changed' }]), {
        code: 'DUPLICATE_MESSAGE',
      })
      await assert.rejects(enqueue(harness, [other, other]), { code: 'DUPLICATE_MESSAGE' })
      assert.equal(await harness.storage.inspect(other.id), null)
      assert.equal((await harness.storage.inspect(known.id))?.message.type, known.type)
    },
  },
  {
    id: 'insert/lock-key-waits-for-its-turn',
    level: 'required',
    statement:
      'lockKey MUST wait while another open transaction has locked the same scope, and MUST NOT wait for other scopes.',
    intent:
      'Two transactions enqueue for a key before they lock what it stands for: the first to draw commits last, and is published last.',
    requires: [writers, keyLock],
    async verify(harness, { time }) {
      const lockKey = need(harness, keyLock)
      const database = need(harness, writers)
      if (database.type === 'one') return
      const { open } = database
      const [first, second, other] = [await open(), await open(), await open()]
      await lockKey(first.tx, 'orders\u0000k')
      await lockKey(first.tx, 'orders\u0000k')
      await lockKey(other.tx, 'orders\u0000other')
      const turn = lockKey(second.tx, 'orders\u0000k').then(() => 'locked')
      assert.equal(await time.within(150, turn), undefined, 'the second had the lock while the first was open')
      await first.commit()
      assert.equal(await turn, 'locked')
      await second.commit()
      await other.rollback()
    },
  },
  {
    id: 'insert/accepts-an-empty-array',
    level: 'required',
    statement: 'insert MUST accept an empty array and write nothing.',
    intent: 'A statement without rows is a syntax error, found on the day when a list happens to be empty.',
    async verify(harness) {
      await enqueue(harness, [])
      assert.equal((await harness.storage.count()).pending, 0)
    },
  },
  {
    id: 'insert/synchronous-insert-belongs-to-its-transaction',
    level: 'required',
    statement: 'insertSync MUST take part in the given transaction and have written when it returns.',
    intent: 'A synchronous transaction has committed before an awaited insert runs.',
    requires: [synchronous],
    async verify(harness, { time }) {
      const { insertSync, transactionSync } = need(harness, synchronous)
      const lost = sample('lost')
      const rollBack = () =>
        transactionSync((tx) => {
          insertSync(tx, [lost])
          throw new Error('the business said no')
        })
      assert.throws(rollBack, { message: 'the business said no' })
      transactionSync((tx) => insertSync(tx, samples('m', 2, { orderingKey: 'k' })))
      const relay = await HandDrivenRelay.join(harness.storage, time)
      assert.deepEqual(claimedLabels(await relay.collect(2)), ['m1', 'm2'])
      assert.equal(await harness.storage.inspect(lost.id), null)
    },
  },
  {
    id: 'insert/plain-insert-is-claimable',
    level: 'required',
    statement:
      'A plain INSERT by another program, giving only what has no default, MUST be enough for a message to be handed out in order.',
    intent: 'Triggers, stored procedures and services in other languages write to the outbox as well.',
    requires: [plainInsert],
    async verify(harness, { time }) {
      const messages = samples('k', 5, { orderingKey: 'k' })
      await enqueue(harness, messages.slice(0, 2))
      const rows = messages
        .slice(2)
        .map(({ id, topic, type, payload }) => ({ id, topic, type, payload, orderingKey: 'k' }))
      await need(harness, plainInsert)(rows)
      const relay = await HandDrivenRelay.join(harness.storage, time)
      assert.deepEqual(await publishInTurns([relay], time, 5, { limit: 2 }), labelsOf(messages))
    },
  },
]
