import {
  type Connector,
  OwnConnection,
  openSessions,
  Session,
  type SessionPurpose,
  type Sessions,
  SharedConnection,
} from '@waybill/sql'
import type { ClientConfig, Pool } from 'pg'
import { clientConnection } from './client-connection.ts'
import { classifyPostgresError } from './errors.ts'
import type { PostgresHandle, ResolvedStorageOptions } from './options.ts'
import { type Settings, sessionWith } from './settings.ts'

/** The connections of one storage, each opened when it is first needed: a process that only enqueues has one, to notify. */
export interface PostgresDatabase extends Sessions {
  readonly notifying: Session
}

/**
 * An outbox is empty when its statistics are taken, so that a planner that is free to choose sorts the whole of it for each
 * claim as soon as it is full. Every statement of a relay has an index; with nothing else to choose, one plan serves for
 * ever. Costs of what is forbidden are so high that they would call for compilation.
 */
export const relayPlans: Settings = {
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  enable_sort: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  max_parallel_workers_per_gather: '0',
  plan_cache_mode: 'force_generic_plan',
  jit: 'off',
}

const settingsOf: Readonly<Record<SessionPurpose | 'notify', Settings>> = {
  claim: relayPlans,
  // Of what is lost with the server's newest commits, the worst is published again.
  settle: { ...relayPlans, synchronous_commit: 'off' },
  // Also makes durable what was read, of producers who do not wait for the disk: nothing is published that could be undone.
  window: { synchronous_commit: 'on' },
  renew: {},
  change: {},
  admin: {},
  notify: { synchronous_commit: 'off' },
}

export function openDatabase(handle: PostgresHandle, options: ResolvedStorageOptions): PostgresDatabase {
  const { lockTimeoutMs, statementTimeoutMs } = options
  const open = (purpose: SessionPurpose | 'notify'): Session => {
    const settings = {
      ...settingsOf[purpose],
      lock_timeout: String(lockTimeoutMs),
      idle_in_transaction_session_timeout: String(lockTimeoutMs),
    }
    const own: ClientConfig = {
      application_name: `waybill ${purpose}`,
      // Transactions of many small statements, of which few have an answer that anybody waits for.
      pipeline: purpose === 'change',
      query_timeout: purpose === 'admin' ? 0 : statementTimeoutMs,
    }
    return new Session(connectorOf(handle, own, settings), sessionWith(settings))
  }
  const [sessions, notifying] = [openSessions(open), open('notify')]
  return {
    ...sessions,
    notifying,
    async close() {
      await Promise.all([sessions.close(), notifying.connector.close()])
    },
  }
}

function connectorOf(handle: PostgresHandle, own: ClientConfig, settings: Settings): Connector {
  const ownOn = (pool: Pool) => new OwnConnection(clientConnection({ ...clientConfig(pool), ...own }, settings))
  if (handle.db === undefined) return ownOn(handle.pool)
  return handle.pool === undefined ? new SharedConnection(handle.db, classifyPostgresError) : ownOn(handle.pool)
}

/** A connection that only listens would not notice that the other end is gone. */
export const lively: Pick<ClientConfig, 'keepAlive' | 'keepAliveInitialDelayMillis'> = {
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
}

/** The application's own settings, of which the pool hides the password from a copy. */
export function clientConfig({ options }: Pool): ClientConfig {
  return { connectionTimeoutMillis: 10_000, ...options, password: options.password, ...lively, pipeline: false }
}
