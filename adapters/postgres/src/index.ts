export { type PostgresInboxOptions, postgresInbox } from './inbox.ts'
export {
  migratePostgres,
  type PostgresMigrationOptions,
  postgresMigrationSql,
  postgresMigrations,
} from './migrations.ts'
export type { PostgresStorageOptions } from './options.ts'
export { type PostgresStorage, postgresStorage } from './storage.ts'
export type { PostgresExecutor, PostgresTransaction } from './transaction.ts'
export type { PostgresInsert, PostgresInsertText, PostgresWriter } from './writer.ts'
