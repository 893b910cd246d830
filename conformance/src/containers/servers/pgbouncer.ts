import { hostName } from './container.ts'
import type { ServerKind } from './kind.ts'
import { postgresClient, queryPostgres } from './postgres-client.ts'
import type { Server } from './server.ts'

/** How PgBouncer pools. */
export interface PgBouncerOptions {
  /** The PostgreSQL behind it; all its databases can be reached under their names. */
  readonly upstream: Server
  /** Settings of pgbouncer.ini beside ours, or in place of them. @default { pool_mode: 'transaction' } */
  readonly settings?: Readonly<Record<string, string>>
}

const defaults = { pool_mode: 'transaction', max_client_conn: '1000', default_pool_size: '20' }

/** Connections to the console, which answers questions about PgBouncer itself, go to a database of this name. */
const consoleDatabase = 'pgbouncer'
const refused = '08P01'
const unknownVersion = 'of unknown version'

/** What all have in common; by itself for one that is there already. */
export const givenPgBouncer: ServerKind = {
  id: 'pgbouncer',
  name: 'PgBouncer',
  image: 'waybill/pgbouncer:1',
  recipe: { folder: 'pgbouncer', officialBase: 'debian:trixie-slim' },
  port: 6432,
  urlVariable: 'WAYBILL_TEST_PGBOUNCER_URL',
  environment: {},
  command: [],
  url: (host, port) => `postgresql://${host}:${port}`,
  client: { ...postgresClient, version: versionOf },
}

/** PgBouncer before a PostgreSQL. */
export function pgBouncer({ upstream, settings }: PgBouncerOptions): ServerKind {
  const behind = new URL(upstream.url)
  const lines = Object.entries({ ...defaults, ...settings }).map(([name, value]) => `${name} = ${value}`)
  return {
    ...givenPgBouncer,
    environment: {
      UPSTREAM_HOST: asSeenFromContainers(behind.hostname),
      UPSTREAM_PORT: behind.port === '' ? '5432' : behind.port,
      PGBOUNCER_USER: decodeURIComponent(behind.username),
      PGBOUNCER_PASSWORD: decodeURIComponent(behind.password),
      PGBOUNCER_SETTINGS: lines.join('\n'),
    },
    url: (host, port) => `postgresql://${behind.username}:${behind.password}@${host}:${port}${behind.pathname}`,
  }
}

/** Asks the server behind it too, for PgBouncer takes connections before that answers. */
async function versionOf(url: string): Promise<string> {
  await queryPostgres(url, 'select 1')
  const console = new URL(url)
  console.pathname = `/${consoleDatabase}`
  try {
    const [row] = await queryPostgres<{ version: string }>(console.toString(), 'show version')
    return row?.version.replace('PgBouncer ', '') ?? unknownVersion
  } catch (error) {
    // One that is not ours may keep its console to other users.
    if (error instanceof Error && 'code' in error && error.code === refused) return unknownVersion
    throw error
  }
}

function asSeenFromContainers(host: string): string {
  return ['localhost', '127.0.0.1', '[::1]'].includes(host) ? hostName : host
}
