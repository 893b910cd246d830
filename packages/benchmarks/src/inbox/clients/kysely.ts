import type { InboxStorage, TransactionRunner } from '@waybill/core/contracts'
import { mysqlInbox } from '@waybill/mysql'
import { postgresInbox } from '@waybill/postgres'
import { sqliteInbox } from '@waybill/sqlite'
import { Kysely, MysqlDialect, PostgresDialect, SqliteDialect, sql, type Transaction } from 'kysely'
import pg from 'pg'
import { connect } from '../../sqlite/outbox-file.ts'
import type { ConsumingClient } from './consuming-client.ts'
import { openPool } from './mysql2.ts'

interface Tables {
  readonly waybill_receipts: { readonly consumer: string; readonly key: string; readonly recorded_at: number }
  readonly invoices: { readonly order_id: number; readonly note: string }
}

type Inbox = InboxStorage<Transaction<Tables>> & TransactionRunner<Transaction<Tables>>

export function kyselyOnPostgres(url: string, connections: number): ConsumingClient<Transaction<Tables>> {
  const pool = new pg.Pool({ connectionString: url, max: connections })
  pool.on('error', () => undefined)
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return clientOf(db, postgresInbox({ db }), 'on conflict do nothing')
}

export function kyselyOnMysql(url: string, connections: number): ConsumingClient<Transaction<Tables>> {
  const db = new Kysely<Tables>({ dialect: new MysqlDialect({ pool: openPool(url, connections).pool }) })
  return clientOf(db, mysqlInbox({ db }), 'on duplicate key update recorded_at = recorded_at')
}

/** On better-sqlite3; it has one connection. */
export function kyselyOnSqlite(file: string): ConsumingClient<Transaction<Tables>> {
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: connect(file) }) })
  return clientOf(db, sqliteInbox({ db }), 'on conflict do nothing')
}

function clientOf(db: Kysely<Tables>, inbox: Inbox, unlessKnown: string): ConsumingClient<Transaction<Tables>> {
  return {
    inbox,
    async write(tx, orders) {
      await tx
        .insertInto('invoices')
        .values(orders.map(({ orderId, note }) => ({ order_id: orderId, note })))
        .execute()
    },
    byHand: ({ orderId, note }, receipt) =>
      db.transaction().execute(async (tx) => {
        if (receipt !== null) {
          const { numInsertedOrUpdatedRows } = await tx
            .insertInto('waybill_receipts')
            .values({ ...receipt, recorded_at: Date.now() })
            .modifyEnd(sql.raw(unlessKnown))
            .executeTakeFirstOrThrow()
          if (numInsertedOrUpdatedRows !== 1n) return
        }
        await tx.insertInto('invoices').values({ order_id: orderId, note }).execute()
      }),
    ask: async (statement) => (await sql.raw<Readonly<Record<string, unknown>>>(statement).execute(db)).rows,
    [Symbol.asyncDispose]: () => db.destroy(),
  }
}
