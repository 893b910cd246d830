import type { SqlDatabase } from '@waybill/sql'
import type { ClientConfig, Pool } from 'pg'
import type { Connector, Settings } from './connection.ts'
import type { PostgresHandle, ResolvedStorageOptions } from './options.ts'
import { OwnConnection } from './own-connection.ts'
import { Session } from './session.ts'
import { SharedConnection } from './shared-connection.ts'

/** The connections of one storage, each opened when it is first needed: a process that only enqueues has none. */
export interface PostgresDatabase {
  /** For relays. The window is written where the lease is renewed: it waits for the disk, and claims need not. */
  readonly relay: SqlDatabase
  /** For operators, whose statements may take long. */
  readonly admin: SqlDatabase
  /** Where claims read. */
  readonly claiming: Session
  /** For notifications. */
  readonly notifying: Session
  close(): Promise<void>
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

export function openDatabase(handle: PostgresHandle, options: ResolvedStorageOptions): PostgresDatabase {
  const { lockTimeoutMs, statementTimeoutMs } = options
  const connectors: Connector[] = []
  const session = (purpose: string, settings: Settings, queryTimeoutMs = 0): Session => {
    const all = {
      ...settings,
      lock_timeout: String(lockTimeoutMs),
      idle_in_transaction_session_timeout: String(lockTimeoutMs),
    }
    const own = { application_name: `waybill ${purpose}`, query_timeout: queryTimeoutMs }
    const connector = connectorOf(handle, own, all)
    connectors.push(connector)
    return new Session(connector, all)
  }
  const claiming = session('claim', relayPlans, statementTimeoutMs)
  const settling = session('settle', { ...relayPlans, synchronous_commit: 'off' }, statementTimeoutMs)
  const renewing = session('renew', {}, statementTimeoutMs)
  const changing = session('change', {}, statementTimeoutMs)
  const administering = session('admin', {})
  const notifying = session('notify', { synchronous_commit: 'off' }, statementTimeoutMs)
  const relay: SqlDatabase = database(renewing, changing, { lazy: settling, urgent: renewing })
  return {
    claiming,
    notifying,
    relay,
    admin: database(administering, administering, { lazy: administering, urgent: administering }),
    async close() {
      await Promise.all(connectors.map((connector) => connector.close()))
    },
  }
}

function database(session: Session, transactions: Session, others: Pick<SqlDatabase, 'lazy' | 'urgent'>): SqlDatabase {
  return {
    execute: (statement) => session.execute(statement),
    transaction: (work) => transactions.transaction(work),
    ...others,
  }
}

/** The application's own settings, of which the pool hides the password from a copy. */
export function clientConfig({ options }: Pool): ClientConfig {
  return { connectionTimeoutMillis: 10_000, ...options, password: options.password, keepAlive: true, pipeline: false }
}

function connectorOf(handle: PostgresHandle, own: ClientConfig, settings: Settings): Connector {
  const ownOn = (pool: Pool) => new OwnConnection({ ...clientConfig(pool), ...own }, settings)
  if (handle.db === undefined) return ownOn(handle.pool)
  return handle.pool === undefined ? new SharedConnection(handle.db) : ownOn(handle.pool)
}
