import type { StorageKind, StorageName } from './storage.ts'

/** Loads one, so that a process has no other database's driver. */
export async function loadStorage(name: StorageName): Promise<StorageKind> {
  switch (name) {
    case 'postgres':
      return (await import('./postgres.ts')).postgres
    case 'mysql':
      return (await import('./mysql.ts')).mysql
    case 'mariadb':
      return (await import('./mysql.ts')).mariadb
    case 'sqlite':
      return (await import('./sqlite.ts')).sqlite
  }
}
