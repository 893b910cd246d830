import {
  sharedKafka,
  sharedMariadb,
  sharedMysql,
  sharedNats,
  sharedPgBouncer,
  sharedPostgres,
  sharedRabbitmq,
  sharedRedis,
} from './index.ts'
import { newRun, runVariable } from './runs/run.ts'
import type { Server, Unavailable } from './servers/server.ts'
import { ServerUnavailableError } from './unavailable.ts'

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

const all = {
  PostgreSQL: sharedPostgres,
  PgBouncer: sharedPgBouncer,
  MySQL: sharedMysql,
  MariaDB: sharedMariadb,
  Redis: sharedRedis,
  RabbitMQ: sharedRabbitmq,
  Kafka: sharedKafka,
  NATS: sharedNats,
}

/** Starts every server that tests share, for a run that belongs to a process, and says what there is and what not. */
export async function prepare(owner: number): Promise<Preparation> {
  const run = newRun(owner)
  process.env[runVariable] = run
  const servers = Object.entries(all).map(([name, find]) => describe(name, find))
  return { run, servers: await Promise.all(servers) }
}

/** A reason, also where tests would throw it: the one who asked decides what it means. */
async function describe(name: string, find: typeof sharedPostgres): Promise<PreparedServer | Unavailable> {
  try {
    const server = await find()
    return server.available
      ? { available: true, name, version: server.version, origin: origins[server.origin] }
      : { ...server, name }
  } catch (error) {
    if (!(error instanceof ServerUnavailableError)) throw error
    return { available: false, name, reason: error.message }
  }
}
