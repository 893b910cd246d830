import type { ServerStorage } from '../harness/benchmark.ts'
import { openMysql } from './mysql/mysql-outbox.ts'
import type { OpenStorage, OpenStorageOptions } from './outbox-database.ts'
import { openPostgres } from './postgres/postgres-outbox.ts'

/** The storage of a database that another process has made. */
export function openStorageAt(storage: ServerStorage, url: string, options: OpenStorageOptions): OpenStorage {
  return storage === 'postgres'
    ? openPostgres(url, options.keeps, options.wakeups ?? false)
    : openMysql(url, options.keeps)
}
