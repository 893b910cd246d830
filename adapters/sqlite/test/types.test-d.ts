import { Outbox, Relay } from '@waybill/core'
import type { BrokerPublisher, InboxStorage, OutboxStorage, TransactionRunner } from '@waybill/core/contracts'
import type { Database } from 'better-sqlite3'
import type { ControlledTransaction, Kysely, Transaction } from 'kysely'
import { expectTypeOf, test } from 'vitest'
import { sqliteInbox, sqliteStorage } from '../src/index.ts'

interface Tables {
  readonly orders: { readonly id: string }
}

declare const db: Kysely<Tables>
declare const tx: Transaction<Tables>
declare const controlled: ControlledTransaction<Tables>
declare const database: Database
declare const publisher: BrokerPublisher

const storage = sqliteStorage({ db })
const outbox = new Outbox({ storage })

test('a Kysely transaction of any tables can enqueue', () => {
  expectTypeOf(outbox.enqueue).toBeCallableWith(tx, 'order.placed', {}, { topic: 'orders' })
  expectTypeOf(outbox.enqueue).toBeCallableWith(controlled, 'order.placed', {}, { topic: 'orders' })
})

test('what is not a transaction is a compile error', () => {
  // @ts-expect-error: a Kysely instance that is not a transaction
  void outbox.enqueue(db, 'order.placed', {}, { topic: 'orders' })
  // @ts-expect-error: an awaited insert would come after the commit
  void outbox.enqueue(database, 'order.placed', {}, { topic: 'orders' })
  // @ts-expect-error: a Kysely transaction is asynchronous
  outbox.enqueueSync(tx, 'order.placed', {}, { topic: 'orders' })
  outbox.enqueueSync(database, 'order.placed', {}, { topic: 'orders' })
})

test('a storage on Kysely runs transactions, one on the driver alone does not', () => {
  expectTypeOf(storage).toExtend<TransactionRunner<Transaction<Tables>>>()
  expectTypeOf(sqliteStorage({ database })).not.toHaveProperty('transaction')
})

test('a storage serves a relay and third parties', () => {
  expectTypeOf(storage).toExtend<OutboxStorage<Transaction<Tables> | Database>>()
  new Relay({ storage, publisher })
})

test('an inbox gives its handlers Kysely transactions', () => {
  const inbox = sqliteInbox({ db })
  expectTypeOf(inbox).toExtend<InboxStorage<Transaction<Tables>> & TransactionRunner<Transaction<Tables>>>()
  // @ts-expect-error: not a transaction
  void inbox.record(db, [])
})

test('transactions know the tables of the application', () => {
  void storage.transaction(async (opened) => expectTypeOf(opened).toEqualTypeOf<Transaction<Tables>>())
  void sqliteInbox({ db }).transaction(async (opened) => expectTypeOf(opened).toEqualTypeOf<Transaction<Tables>>())
})
