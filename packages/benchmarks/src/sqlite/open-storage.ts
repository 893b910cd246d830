import { type SqliteStorage, sqliteStorage } from '@waybill/sqlite'
import { connect } from './outbox-file.ts'

export interface OpenStorage extends AsyncDisposable {
  readonly storage: SqliteStorage
}

/** Waybill's storage on a file, with what it needs. `keeps`: published rows stay, for the default time. */
export function openStorage(file: string, { keeps }: { readonly keeps: boolean }): OpenStorage {
  const database = connect(file)
  const storage = sqliteStorage({ database, ...(keeps ? {} : { retentionMs: 0 }) })
  return {
    storage,
    async [Symbol.asyncDispose]() {
      await storage.close()
      database.close()
    },
  }
}
