import { mariadb } from './servers/mariadb.ts'
import { mysql } from './servers/mysql.ts'
import { postgres } from './servers/postgres.ts'
import type { OwnServer, Server, Unavailable } from './servers/server.ts'
import { type StartOptions, sharedServer, startOwn } from './servers/start.ts'

export { onServer } from './on-server.ts'
export type { Database, OwnServer, Server, Unavailable } from './servers/server.ts'
export type { StartOptions } from './servers/start.ts'

/** The PostgreSQL that all test files of this run share; each test makes a database of its own on it. */
export function sharedPostgres(): Promise<Server | Unavailable> {
  return sharedServer(postgres)
}

/** The MySQL that all test files of this run share. */
export function sharedMysql(): Promise<Server | Unavailable> {
  return sharedServer(mysql)
}

/** The MariaDB that all test files of this run share. */
export function sharedMariadb(): Promise<Server | Unavailable> {
  return sharedServer(mariadb)
}

/** A PostgreSQL for the caller alone, for tests that kill, restart or pause it; the caller stops it. */
export function startPostgres(options: StartOptions = {}): Promise<OwnServer | Unavailable> {
  return startOwn(postgres, options)
}

/** A MySQL for the caller alone. */
export function startMysql(options: StartOptions = {}): Promise<OwnServer | Unavailable> {
  return startOwn(mysql, options)
}

/** A MariaDB for the caller alone. */
export function startMariadb(options: StartOptions = {}): Promise<OwnServer | Unavailable> {
  return startOwn(mariadb, options)
}
