import { postgres } from './servers/postgres.ts'
import type { OwnServer, Server, Unavailable } from './servers/server.ts'
import { sharedServer, startOwn } from './servers/start.ts'

export type { Database, OwnServer, Server, Unavailable } from './servers/server.ts'

/** The PostgreSQL that all test files of this run share; each test makes a database of its own on it. */
export function sharedPostgres(): Promise<Server | Unavailable> {
  return sharedServer(postgres)
}

/** A PostgreSQL for the caller alone, for tests that kill, restart or pause it; the caller stops it. */
export function startPostgres(): Promise<OwnServer | Unavailable> {
  return startOwn(postgres)
}
