import type { ServerStorage } from '../harness/benchmark.ts'
import { openStorageAt } from '../outbox/open-storage.ts'
import type { OpenStorage, OpenStorageOptions } from '../outbox/outbox-database.ts'
import { openStorage } from '../sqlite/open-storage.ts'
import type { HandOutbox } from './hand/hand-outbox.ts'
import { handMysql } from './hand/mysql.ts'
import { handPostgres } from './hand/postgres.ts'
import { handSqlite } from './hand/sqlite.ts'

export type RelayStorage = ServerStorage | 'sqlite'

/** Where an outbox is, for this process and others. */
export interface Address {
  readonly storage: RelayStorage
  /** A URL, or the file. */
  readonly at: string
}

export function openStorageOf({ storage, at }: Address, options: OpenStorageOptions): OpenStorage {
  return storage === 'sqlite' ? openStorage(at, options) : openStorageAt(storage, at, options)
}

export function openHand({ storage, at }: Address): Promise<HandOutbox> {
  if (storage === 'sqlite') return handSqlite(at)
  return storage === 'postgres' ? handPostgres(at) : handMysql(at)
}
