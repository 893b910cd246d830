import { type InboxHarness, type StorageHarness, storageRules } from '@waybill/conformance'
import {
  type OwnServer,
  type Server,
  sharedPgBouncer,
  sharedPostgres,
  startPgBouncer,
  startPostgres,
  type Unavailable,
} from '@waybill/conformance/containers'
import type { InboxStorage, TransactionRunner } from '@waybill/core/contracts'
import type { AnyTransaction } from '@waybill/sql'
import pg, { type Pool, type PoolClient } from 'pg'
import { type PostgresStorage, type PostgresTransaction, postgresInbox, postgresStorage } from '../src/index.ts'
import { dropDatabases, migratedDatabase, type TestDatabase } from './database.ts'

type Tx = PostgresTransaction

/** One way to reach the database: what a storage is made of, and what can go wrong on it. */
interface Route<T extends Tx> extends AsyncDisposable {
  readonly test: TestDatabase
  /** Of the application. */
  readonly pool: Pool
  storage(): PostgresStorage<T>
  inbox(): InboxStorage<T> & TransactionRunner<T>
  /** Goes down and comes back; given back at the end. Absent where it is shared. */
  readonly server?: OwnServer
}

type Router<T extends Tx> = (fault: boolean) => Promise<Route<T>>

/** Rules that take a server down have one of their own, for all of them in turn. */
const own = {
  postgres: inTurn(async () => here(await startPostgres())),
  pgBouncer: inTurn(async () => here(await startPgBouncer({ upstream: here(await sharedPostgres()) }))),
}

/** A pool of pg, straight to the server. */
const direct: Router<PoolClient> = async (fault) => {
  const turn = fault ? await own.postgres.take() : undefined
  const server = turn?.server
  const test = await migratedDatabase(server ?? here(await sharedPostgres()))
  const { pool } = test
  return {
    test,
    pool,
    storage: () => postgresStorage({ pool }),
    inbox: () => postgresInbox({ pool }),
    ...(server && { server }),
    async [Symbol.asyncDispose]() {
      await test[Symbol.asyncDispose]()
      turn?.end()
    },
  }
}

/** Nothing but a Kysely instance. */
const byKysely: Router<AnyTransaction> = async (fault) => {
  const route = await direct(fault)
  const { db } = route.test
  return { ...route, storage: () => postgresStorage({ db }), inbox: () => postgresInbox({ db }) }
}

/** Published messages leave for the history of the day. */
const withHistory: Router<PoolClient> = async (fault) => {
  const route = await direct(fault)
  return { ...route, storage: () => postgresStorage({ pool: route.pool, historyByDay: true }) }
}

/** The same schema as seen through PgBouncer in transaction mode, which takes no settings with the connection. */
const pooled: Router<PoolClient> = async (fault) => {
  const turn = fault ? await own.pgBouncer.take() : undefined
  const server = turn?.server
  const pooler = server ?? here(await sharedPgBouncer())
  const test = await migratedDatabase(here(await sharedPostgres()))
  const url = new URL(pooler.url)
  url.pathname = new URL(test.url).pathname
  const pool = new pg.Pool({ connectionString: url.href, connectionTimeoutMillis: 5000, query_timeout: 30_000 })
  pool.on('error', () => undefined)
  const { schema } = test
  return {
    test,
    pool,
    storage: () => postgresStorage({ pool, schema }),
    inbox: () => postgresInbox({ pool, schema }),
    ...(server && { server }),
    async [Symbol.asyncDispose]() {
      await pool.end()
      await test[Symbol.asyncDispose]()
      turn?.end()
    },
  }
}

function storageBy<T extends Tx>(router: Router<T>): (rule: string) => Promise<StorageHarness<Tx>> {
  return async (rule) => {
    const route = await router(storageRules.some(({ id, level }) => id === rule && level === 'fault'))
    const { test, server } = route
    const opened = [route.storage()]
    const [storage] = opened as [PostgresStorage<T>]
    // A relay's own pool would take it back in the middle of a rule.
    const idle = await connection(route.pool)
    return {
      storage,
      runner: storage,
      async reopen() {
        const other = route.storage()
        opened.push(other)
        return other
      },
      outsideTransaction: () => idle,
      async openTransaction() {
        const client = await test.connect()
        await client.query('begin')
        const end = async (how: string) => {
          await client.query(how)
        }
        return { tx: client, commit: () => end('commit'), rollback: () => end('rollback') }
      },
      async plainInsert(rows) {
        for (const row of rows) {
          const text =
            'insert into waybill_messages (id, topic, type, payload, ordering_key) values ($1, $2, $3, $4, $5)'
          await test.query(text, [row.id, row.topic, row.type, row.payload, row.orderingKey ?? null])
        }
      },
      ...(server && { disrupt: { cut: () => server.kill(), restore: () => server.restart() } }),
      async close() {
        for (const each of opened) await each.close()
        await idle.end()
        await route[Symbol.asyncDispose]()
      },
    }
  }
}

function inboxBy<T extends Tx>(router: Router<T>): () => Promise<InboxHarness<T>> {
  return async () => {
    const route = await router(false)
    const connect = () => {
      const inbox = route.inbox()
      return { inbox, runner: inbox }
    }
    return { ...connect(), reopen: async () => connect(), close: async () => route[Symbol.asyncDispose]() }
  }
}

export const storage: (rule: string) => Promise<StorageHarness<Tx>> = storageBy(direct)
export const inbox: () => Promise<InboxHarness<PoolClient>> = inboxBy(direct)

export const versions = (): Promise<Versions> => versionsOf(sharedPostgres())

/** The same adapter, reached or set up otherwise. */
export const variants: {
  readonly 'postgres-kysely': Variant<AnyTransaction>
  readonly 'postgres-history': Pick<Variant<PoolClient>, 'storage' | 'versions'>
  readonly 'postgres-pgbouncer': Variant<PoolClient>
} = {
  'postgres-kysely': { storage: storageBy(byKysely), inbox: inboxBy(byKysely), versions },
  'postgres-history': { storage: storageBy(withHistory), versions },
  'postgres-pgbouncer': {
    storage: storageBy(pooled),
    inbox: inboxBy(pooled),
    versions: () => versionsOf(sharedPostgres(), sharedPgBouncer()),
  },
}

interface Variant<T extends Tx> {
  readonly storage: (rule: string) => Promise<StorageHarness<Tx>>
  readonly inbox: () => Promise<InboxHarness<T>>
  /** Of the servers, for the report. */
  readonly versions: () => Promise<Versions>
}

type Versions = Readonly<Record<string, string>>

async function versionsOf(...asked: readonly Promise<Server | Unavailable>[]): Promise<Versions> {
  const servers = (await Promise.all(asked)).map((server) => here(server))
  return Object.fromEntries(servers.map(({ name, version }) => [name, version]))
}

/** To be called when no rule needs a harness any more. */
export async function close(): Promise<void> {
  await dropDatabases()
  for (const server of Object.values(own)) await server.stop()
}

/** What the application's own client would be, of the same address. */
async function connection(pool: Pool): Promise<pg.Client> {
  const client = new pg.Client(pool.options as pg.ClientConfig)
  client.on('error', () => undefined)
  await client.connect()
  return client
}

function here<S extends Server>(server: S | Unavailable): S {
  if (!server.available) throw new Error(`${server.name} is not available: ${server.reason}`)
  return server
}

/** A server that is started when it is first asked for, and used by one at a time. */
function inTurn(start: () => Promise<OwnServer>) {
  let started: Promise<OwnServer> | undefined
  let free: Promise<void> = Promise.resolve()
  return {
    async take() {
      const before = free
      const ended = Promise.withResolvers<void>()
      free = ended.promise
      await before
      started ??= start()
      return { server: await started, end: ended.resolve }
    },
    async stop() {
      await (await started)?.stop()
    },
  }
}
