import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Outbox, Relay } from '@waybill/core'
import { memoryPublisher } from '@waybill/memory'
import { mysqlMigrationSql } from '@waybill/mysql'
import { postgresMigrationSql } from '@waybill/postgres'
import { migrateSqlite, sqliteMigrationSql, sqliteMigrations, sqliteStorage } from '@waybill/sqlite'
import SQLite from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { expect, it, onTestFinished } from 'vitest'

function emptyDatabase() {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-docs-'))
  const database = new SQLite(join(folder, 'shop.db'))
  const db = new Kysely<{ orders: { id: string } }>({ dialect: new SqliteDialect({ database }) })
  onTestFinished(() => db.destroy())
  return { db, database, folder }
}

const ownMigrations: Record<string, Migration> = {
  '0001_orders': { up: (db) => db.schema.createTable('orders').addColumn('id', 'text').execute() },
}

it('migrates among the migrations of the application', async () => {
  const { db } = emptyDatabase()
  // #region migrator
  const migrations = { ...sqliteMigrations(), ...ownMigrations }
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
  // #endregion
  await migrateSqlite(db)
  const storage = sqliteStorage({ db })
  expect(await storage.count()).toMatchObject({ pending: 0 })
  await storage.close()
})

it('prints SQL for other tools', async () => {
  const { database, folder } = emptyDatabase()
  const file = (name: string) => join(folder, name)
  // #region sql
  writeFileSync(file('waybill.postgres.sql'), postgresMigrationSql())
  writeFileSync(file('waybill.mysql.sql'), mysqlMigrationSql())
  writeFileSync(file('waybill.sqlite.sql'), sqliteMigrationSql())
  writeFileSync(file('waybill.postgres.down.sql'), postgresMigrationSql('down'))
  // #endregion
  database.exec(readFileSync(file('waybill.sqlite.sql'), 'utf8'))
  expect(database.prepare('select count(*) as n from waybill_messages').get()).toEqual({ n: 0 })
  expect(readFileSync(file('waybill.postgres.down.sql'), 'utf8')).toContain('drop table')
})

it('keeps history for as long as it is told, and prunes it', async () => {
  const { db } = emptyDatabase()
  await migrateSqlite(db)
  // #region retention
  const storage = sqliteStorage({ db, retentionMs: 7 * 24 * 3_600_000 })
  // #endregion
  const outbox = new Outbox({ storage })
  await db.transaction().execute(async (tx) => {
    await outbox.enqueue(tx, 'order.placed', {}, { topic: 'orders' })
  })
  await new Relay({ storage, publisher: memoryPublisher() }).drain()
  expect(await storage.count()).toMatchObject({ published: 1 })
  // #region prune
  const removed = await storage.prune({ olderThanMs: 24 * 3_600_000 })
  // #endregion
  expect(removed).toBe(0)
  await expect.poll(() => storage.prune({ olderThanMs: 0 })).toBe(1)
  await storage.close()
})

it('enqueues by SQL', async () => {
  const { db, database } = emptyDatabase()
  await migrateSqlite(db)
  database.exec(readFileSync(new URL('./enqueue-sqlite.sql', import.meta.url), 'utf8'))
  const storage = sqliteStorage({ db })
  const publisher = memoryPublisher()
  await new Relay({ storage, publisher }).drain()
  expect(publisher.published.map(({ id, orderingKey }) => [id, orderingKey])).toEqual([['order-4-placed', 'o-4']])
  await storage.close()
})
