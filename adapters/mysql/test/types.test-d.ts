import { Outbox, Relay } from '@waybill/core'
import type { BrokerPublisher, InboxStorage, OutboxStorage, TransactionRunner } from '@waybill/core/contracts'
import type { ControlledTransaction, Kysely, Transaction } from 'kysely'
import type { Connection, Pool } from 'mysql2'
import type {
  Connection as PromiseConnection,
  Pool as PromisePool,
  PoolConnection as PromisePoolConnection,
} from 'mysql2/promise'
import { expectTypeOf, test } from 'vitest'
import { type MysqlExecutor, mysqlInbox, mysqlStorage } from '../src/index.ts'

interface Tables {
  readonly orders: { readonly id: string }
}

declare const db: Kysely<Tables>
declare const tx: Transaction<Tables>
declare const controlled: ControlledTransaction<Tables>
declare const pool: Pool
declare const promisePool: PromisePool
declare const connection: Connection
declare const promiseConnection: PromiseConnection
declare const pooled: PromisePoolConnection
declare const executor: MysqlExecutor
declare const publisher: BrokerPublisher

const storage = mysqlStorage({ db })
const outbox = new Outbox({ storage })

test('a transaction of Kysely, of mysql2 in either flavour and of any other client can enqueue', () => {
  for (const each of [tx, controlled, connection, promiseConnection, pooled, executor]) {
    void outbox.enqueue(each, 'order.placed', {}, { topic: 'orders' })
  }
})

test('what is not a transaction is a compile error', () => {
  // @ts-expect-error: a Kysely instance that is not a transaction
  void outbox.enqueue(db, 'order.placed', {}, { topic: 'orders' })
  // @ts-expect-error: each statement of a pool may be on another connection
  void outbox.enqueue(pool, 'order.placed', {}, { topic: 'orders' })
  // @ts-expect-error: each statement of a pool may be on another connection
  void outbox.enqueue(promisePool, 'order.placed', {}, { topic: 'orders' })
})

test('transactions are those of what the storage was given', () => {
  expectTypeOf(storage).toExtend<TransactionRunner<Transaction<Tables>>>()
  expectTypeOf(mysqlStorage({ db, pool })).toExtend<TransactionRunner<Transaction<Tables>>>()
  expectTypeOf(mysqlStorage({ pool })).toExtend<TransactionRunner<PromisePoolConnection>>()
  expectTypeOf(mysqlStorage({ pool: promisePool })).toExtend<TransactionRunner<PromisePoolConnection>>()
})

test('a storage serves a relay and third parties', () => {
  expectTypeOf(storage).toExtend<OutboxStorage<Transaction<Tables> | PromiseConnection>>()
  new Relay({ storage, publisher })
})

test('an inbox gives its handlers what it was given', () => {
  type Inbox<Tx> = InboxStorage<Tx> & TransactionRunner<Tx>
  const inbox = mysqlInbox({ db })
  expectTypeOf(inbox).toExtend<Inbox<Transaction<Tables>>>()
  expectTypeOf(mysqlInbox({ pool })).toExtend<Inbox<PromisePoolConnection>>()
  // @ts-expect-error: not a transaction
  void inbox.record(db, [])
})
