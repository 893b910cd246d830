import { type InboxHarness, type StorageHarness, storageRules } from '@waybill/conformance'
import {
  type OwnServer,
  type Server,
  sharedMariadb,
  sharedMysql,
  startMariadb,
  startMysql,
  type Unavailable,
} from '@waybill/conformance/containers'
import type { OutboxStorage } from '@waybill/core/contracts'
import type { AnyTransaction } from '@waybill/sql'
import type { Connection, PoolConnection } from 'mysql2/promise'
import { type MysqlStorage, type MysqlTransaction, mysqlInbox, mysqlStorage } from '../src/index.ts'
import { migratedDatabase, type TestDatabase } from './database.ts'

type Tx = MysqlTransaction
type Versions = Readonly<Record<string, string>>
type CreateStorage = (rule: string) => Promise<StorageHarness<Tx>>
type CreateInbox<T> = () => Promise<InboxHarness<T>>

interface Variant<T> {
  readonly storage: CreateStorage
  readonly inbox: CreateInbox<T>
  versions(): Promise<Versions>
}

/** A server, and one of the same kind for rules that take it down. */
interface Servers {
  shared(): Promise<Server>
  /** For one rule at a time, until `release`. `null` where the server is a given one: it is not ours to take down. */
  own(): Promise<{ readonly server: OwnServer; release(): void } | null>
}

const started: OwnServer[] = []

const mysql: Servers = serversOf(sharedMysql, startMysql)
const mariadb: Servers = serversOf(sharedMariadb, startMariadb)

export const storage: CreateStorage = storageOn(mysql, onPool)
export const inbox: CreateInbox<PoolConnection> = inboxOnPool(mysql)
export const versions: () => Promise<Versions> = versionsOf(mysql)

/** The same adapter on the other server, and reached otherwise. */
export const variants: {
  readonly mariadb: Variant<PoolConnection>
  readonly 'mysql-kysely': Variant<AnyTransaction>
  readonly 'mariadb-no-floor': Omit<Variant<never>, 'inbox'>
} = {
  mariadb: { storage: storageOn(mariadb, onPool), inbox: inboxOnPool(mariadb), versions: versionsOf(mariadb) },
  'mysql-kysely': { storage: storageOn(mysql, onKysely), inbox: inboxOnKysely(mysql), versions },
  // As MariaDB is installed, nobody sees the locks, and there is no floor.
  'mariadb-no-floor': { storage: storageOn(mariadb, withoutLocks), versions: versionsOf(mariadb) },
}

/** To be called when no rule needs a harness any more. */
export async function close(): Promise<void> {
  for (const server of started.splice(0)) await server.stop()
}

async function onPool(test: TestDatabase): Promise<() => MysqlStorage<Tx>> {
  const pool = test.pool({ connectTimeout: 5000 })
  return () => mysqlStorage({ pool }) as MysqlStorage<Tx>
}

async function onKysely(test: TestDatabase): Promise<() => MysqlStorage<Tx>> {
  const db = test.kysely({ connectTimeout: 5000 })
  return () => mysqlStorage({ db })
}

async function withoutLocks(test: TestDatabase): Promise<() => MysqlStorage<Tx>> {
  const pool = test.pool(await test.account('all'))
  return () => mysqlStorage({ pool }) as MysqlStorage<Tx>
}

function storageOn(servers: Servers, reach: (test: TestDatabase) => Promise<() => MysqlStorage<Tx>>): CreateStorage {
  return async (rule) => {
    const isFault = storageRules.some(({ id, level }) => id === rule && level === 'fault')
    const own = isFault ? await servers.own() : null
    const test = await migratedDatabase(own?.server ?? (await servers.shared()))
    const open = await reach(test)
    const first = open()
    const opened: OutboxStorage<Tx>[] = [first]
    const idle = await test.connect()
    return {
      storage: first,
      runner: first,
      async reopen() {
        const other = open()
        opened.push(other)
        return other
      },
      outsideTransaction: () => idle,
      async openTransaction() {
        const tx = await test.connect()
        await tx.beginTransaction()
        return { tx, commit: () => tx.commit(), rollback: () => tx.rollback() }
      },
      plainInsert: (rows) => insertPlainly(idle, rows),
      ...(own && { disrupt: { cut: () => own.server.kill(), restore: () => own.server.restart() } }),
      async close() {
        for (const each of opened) await each.close()
        await test[Symbol.asyncDispose]()
        own?.release()
      },
    }
  }
}

type PlainRows = Parameters<NonNullable<StorageHarness<Tx>['plainInsert']>>[0]

async function insertPlainly(connection: Connection, rows: PlainRows): Promise<void> {
  const values = rows.map(({ id, topic, type, payload, orderingKey = null }) => {
    return [id, topic, type, Buffer.from(payload), orderingKey]
  })
  await connection.query('insert into waybill_messages (id, topic, type, payload, ordering_key) values ?', [values])
}

function inboxOnKysely(servers: Servers): CreateInbox<AnyTransaction> {
  return () => inboxOn(servers, (test) => mysqlInbox({ db: test.kysely() }))
}

function inboxOnPool(servers: Servers): CreateInbox<PoolConnection> {
  return () => inboxOn(servers, (test) => mysqlInbox({ pool: test.pool() }))
}

async function inboxOn<T>(
  servers: Servers,
  make: (test: TestDatabase) => InboxHarness<T>['inbox'] & InboxHarness<T>['runner'],
): Promise<InboxHarness<T>> {
  const test = await migratedDatabase(await servers.shared())
  const open = () => {
    const opened = make(test)
    return { inbox: opened, runner: opened }
  }
  return { ...open(), reopen: async () => open(), close: async () => test[Symbol.asyncDispose]() }
}

function versionsOf(servers: Servers): () => Promise<Versions> {
  return async () => {
    const { name, version } = await servers.shared()
    return { [name]: version }
  }
}

function serversOf(share: () => Promise<Server | Unavailable>, start: () => Promise<OwnServer | Unavailable>): Servers {
  let own: Promise<OwnServer | Unavailable> | undefined
  let turn: Promise<unknown> = Promise.resolve()
  const startOwn = async () => {
    const server = await start()
    if (server.available) started.push(server)
    return server
  }
  return {
    async shared() {
      const server = await share()
      if (server.available) return server
      throw new Error(`${server.name} is not available: ${server.reason}`)
    },
    async own() {
      const { promise: released, resolve: release } = Promise.withResolvers<void>()
      const before = turn
      turn = released
      await before
      own ??= startOwn()
      const server = await own
      if (server.available) return { server, release }
      release()
      return null
    },
  }
}
