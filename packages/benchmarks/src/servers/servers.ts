import {
  type OwnServer,
  type Server,
  sharedKafka,
  sharedMariadb,
  sharedMysql,
  sharedPostgres,
  sharedRabbitmq,
  sharedRedis,
  startKafka,
  startMariadb,
  startMysql,
  startPostgres,
  startRabbitmq,
  startRedis,
  type Unavailable,
} from '@waybill/conformance/containers'
import type { Broker, ServerStorage } from '../harness/benchmark.ts'

/** `own`: started for the run, with settings that are usual in production. `shared`: the one that the tests use. */
export type ServerUse = 'own' | 'shared'

/** What there is a server of. */
export type ServerName = ServerStorage | Broker

/** Nothing was measured, and why. */
export class NoServerError extends Error {
  override readonly name = 'NoServerError'
}

/** The servers of a run, each started when it is first needed. */
export class Servers implements AsyncDisposable {
  readonly #use: ServerUse
  readonly #found: Map<ServerName, Promise<Server | OwnServer>> = new Map()

  constructor(use: ServerUse) {
    this.#use = use
  }

  /** @throws NoServerError if there is none. */
  get(name: ServerName): Promise<Server> {
    const known = this.#found.get(name) ?? this.#find(name)
    this.#found.set(name, known)
    return known
  }

  /** Versions of those that were needed, by name. */
  async versions(): Promise<Readonly<Record<string, string>>> {
    const found = await Promise.allSettled(this.#found.values())
    const servers = found.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    return Object.fromEntries(servers.map(({ name, version, origin }) => [name, `${version} (${origin})`]))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const result of await Promise.allSettled(this.#found.values())) {
      if (result.status === 'fulfilled' && 'stop' in result.value) await result.value.stop()
    }
  }

  async #find(of: ServerName): Promise<Server | OwnServer> {
    const { start, share, urlVariable } = kinds[of]
    const isOwn = this.#use === 'own' && process.env[urlVariable] === undefined
    const server = await (isOwn ? start() : share())
    if (!server.available) throw new NoServerError(`${server.name}: ${server.reason}`)
    return server
  }
}

interface Kind {
  readonly urlVariable: string
  start(): Promise<OwnServer | Unavailable>
  share(): Promise<Server | Unavailable>
}

/** What a server of any size has: a cache for more than the newest rows, and a log that is not full every few seconds. */
const kinds: Readonly<Record<ServerName, Kind>> = {
  postgres: {
    urlVariable: 'WAYBILL_TEST_POSTGRES_URL',
    start: () => startPostgres({ arguments: settings('-c', ['shared_buffers=1GB', 'max_wal_size=8GB', statements]) }),
    share: sharedPostgres,
  },
  mysql: {
    urlVariable: 'WAYBILL_TEST_MYSQL_URL',
    start: () => startMysql({ arguments: ['--innodb-buffer-pool-size=1G', '--innodb-redo-log-capacity=2G'] }),
    share: sharedMysql,
  },
  mariadb: {
    urlVariable: 'WAYBILL_TEST_MARIADB_URL',
    start: () => startMariadb({ arguments: ['--innodb-buffer-pool-size=1G', '--innodb-log-file-size=2G'] }),
    share: sharedMariadb,
  },
  kafka: { urlVariable: 'WAYBILL_TEST_KAFKA_URL', start: startKafka, share: sharedKafka },
  rabbitmq: { urlVariable: 'WAYBILL_TEST_RABBITMQ_URL', start: startRabbitmq, share: sharedRabbitmq },
  'redis-streams': { urlVariable: 'WAYBILL_TEST_REDIS_URL', start: startRedis, share: sharedRedis },
}

/** Counts the statements that each database is asked. */
const statements = 'shared_preload_libraries=pg_stat_statements'

function settings(flag: string, values: readonly string[]): readonly string[] {
  return values.flatMap((value) => [flag, value])
}
