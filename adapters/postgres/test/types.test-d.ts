import { Consumer, defineMessages, Outbox, Relay } from '@waybill/core'
import type {
  BrokerConsumer,
  BrokerPublisher,
  InboxStorage,
  OutboxStorage,
  TransactionRunner,
} from '@waybill/core/contracts'
import type { ControlledTransaction, Kysely, Transaction } from 'kysely'
import type { Client, Pool, PoolClient } from 'pg'
import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { type PostgresExecutor, postgresInbox, postgresStorage } from '../src/index.ts'

interface Tables {
  readonly orders: { readonly id: string }
}

declare const db: Kysely<Tables>
declare const tx: Transaction<Tables>
declare const controlled: ControlledTransaction<Tables>
declare const pool: Pool
declare const poolClient: PoolClient
declare const client: Client
declare const executor: PostgresExecutor
declare const publisher: BrokerPublisher
declare const source: BrokerConsumer

const storage = postgresStorage({ pool })
const outbox = new Outbox({ storage })
const topic = { topic: 'orders' }

test('an open transaction of any client can enqueue', () => {
  expectTypeOf(outbox.enqueue).toBeCallableWith(tx, 'order.placed', {}, topic)
  expectTypeOf(outbox.enqueue).toBeCallableWith(controlled, 'order.placed', {}, topic)
  expectTypeOf(outbox.enqueue).toBeCallableWith(client, 'order.placed', {}, topic)
  expectTypeOf(outbox.enqueue).toBeCallableWith(poolClient, 'order.placed', {}, { ...topic, lockKey: true })
  expectTypeOf(outbox.enqueue).toBeCallableWith(executor, 'order.placed', {}, topic)
})

test('what is no transaction is a compile error', () => {
  // @ts-expect-error: a Kysely instance that is not a transaction
  void outbox.enqueue(db, 'order.placed', {}, topic)
  // @ts-expect-error: a pool
  void outbox.enqueue(pool, 'order.placed', {}, topic)
  // @ts-expect-error: the driver is asynchronous
  outbox.enqueueSync(tx, 'order.placed', {}, topic)
})

test('a storage opens the transactions of what it was given', () => {
  expectTypeOf(storage).toExtend<TransactionRunner<PoolClient>>()
  expectTypeOf(postgresStorage({ db })).toExtend<TransactionRunner<Transaction<Tables>>>()
  expectTypeOf(postgresStorage({ db, pool })).toExtend<TransactionRunner<Transaction<Tables>>>()
  // @ts-expect-error: neither
  void (() => postgresStorage({}))
})

test('a storage serves a relay and third parties', () => {
  expectTypeOf(storage).toExtend<OutboxStorage<Transaction<Tables> | Client | PostgresExecutor>>()
  new Relay({ storage, publisher })
})

test('a handler has one kind of transaction', () => {
  expectTypeOf(postgresInbox({ db })).toExtend<
    InboxStorage<Transaction<Tables>> & TransactionRunner<Transaction<Tables>>
  >()
  const inbox = postgresInbox({ pool })
  expectTypeOf(inbox).toExtend<InboxStorage<PoolClient> & TransactionRunner<PoolClient>>()
  const messages = defineMessages({ 'order.placed': { ...topic, schema: z.object({ id: z.string() }) } })
  const consumer = new Consumer({ name: 'billing', source, inbox, messages })
  consumer.on('order.placed', async (_, context) => {
    expectTypeOf(context.tx).toEqualTypeOf<PoolClient>()
  })
})

test('a statement to be put into another is an expression of Kysely', () => {
  db.with('message', () => storage.insertQuery([]))
    .selectFrom('orders')
    .select('id')
})
