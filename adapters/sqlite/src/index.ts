export { type SqliteMigrationOptions, sqliteMigrationSql, sqliteMigrations } from './migrations.ts'
export type { SqliteStorageOptions } from './options.ts'
