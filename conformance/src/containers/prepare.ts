import { sharedMariadb, sharedMysql, sharedPgBouncer, sharedPostgres } from './index.ts'
import { newRun, runVariable } from './runs/run.ts'
import type { Server, Unavailable } from './servers/server.ts'

/** What a run can count on. */
export interface Preparation {
  /** The run that the servers were started for; processes that have it in WAYBILL_TEST_RUN use them. */
  readonly run: string
  readonly servers: readonly (PreparedServer | Unavailable)[]
}

/** A server that answers. */
export interface PreparedServer {
  readonly available: true
  readonly name: string
  readonly version: string
  /** For people: whose image it is, or that it was there. */
  readonly origin: string
}

const origins: Readonly<Record<Server['origin'], string>> = {
  official: 'official image',
  'stand-in': 'stand-in for the official image',
  own: 'image of our own',
  given: 'given by its URL',
}

/** Starts every server that tests share, for a run that belongs to a process, and says what there is and what not. */
export async function prepare(owner: number): Promise<Preparation> {
  const run = newRun(owner)
  process.env[runVariable] = run
  const all = await Promise.all([sharedPostgres(), sharedPgBouncer(), sharedMysql(), sharedMariadb()])
  const servers = all.map((server) =>
    server.available
      ? { available: true as const, name: server.name, version: server.version, origin: origins[server.origin] }
      : server,
  )
  return { run, servers }
}
