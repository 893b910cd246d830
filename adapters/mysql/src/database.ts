import type { AnyKysely, SqlDatabase } from '@waybill/sql'
import type { ConnectionOptions } from 'mysql2'
import type { Connector } from './connection.ts'
import type { MysqlHandle, MysqlPool, ResolvedStorageOptions } from './options.ts'
import { OwnConnection } from './own-connection.ts'
import { Session } from './session.ts'
import { SharedConnection } from './shared-connection.ts'

/** The connections of one storage, each opened when it is first needed: a process that only enqueues has none. */
export interface MysqlDatabase {
  /** For relays. */
  readonly relay: SqlDatabase
  /** For operators, whose statements may take long. */
  readonly admin: SqlDatabase
  /** Where claims read. */
  readonly claiming: Session
  close(): Promise<void>
}

export function openDatabase(handle: MysqlHandle, options: ResolvedStorageOptions): MysqlDatabase {
  const seconds = Math.max(1, Math.ceil(options.lockTimeoutMs / 1000))
  const settings = [
    'set session transaction isolation level read committed',
    `set session innodb_lock_wait_timeout = ${seconds}, lock_wait_timeout = ${seconds}, autocommit = 1,
      sql_mode = 'STRICT_ALL_TABLES', wait_timeout = @@global.wait_timeout`,
  ]
  const connectors: Connector[] = []
  const session = (statementTimeoutMs: number): Session => {
    const own = (pool: MysqlPool) => new OwnConnection({ config: connectionConfig(pool), settings, statementTimeoutMs })
    const shared = (db: AnyKysely) => (handle.pool ? own(handle.pool) : new SharedConnection(db))
    const connector = handle.db === undefined ? own(handle.pool) : shared(handle.db)
    connectors.push(connector)
    return new Session(connector, seconds)
  }
  const { statementTimeoutMs } = options
  const claiming = session(statementTimeoutMs)
  const settling = session(statementTimeoutMs)
  const renewing = session(statementTimeoutMs)
  const changing = session(statementTimeoutMs)
  const administering = session(0)
  return {
    claiming,
    relay: database(claiming, changing, { lazy: settling, urgent: renewing }),
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

/** What our statements rely on, whatever the application has told the driver. */
const pinned: ConnectionOptions = {
  supportBigNumbers: true,
  bigNumberStrings: false,
  dateStrings: true,
  rowsAsArray: false,
  nestTables: false,
  namedPlaceholders: false,
  typeCast: true,
  multipleStatements: false,
  charset: 'UTF8MB4_UNICODE_CI',
  // The defaults, of which one makes the server count rows that an update found, whether it changed them or not.
  flags: [],
  timezone: 'Z',
  trace: false,
}

/** The application's own settings of host, account, encryption and the like. */
function connectionConfig(pool: MysqlPool): ConnectionOptions {
  const { config } = 'pool' in pool ? pool.pool : pool
  // The driver keeps the settings of connections apart from those of the pool, which its types do not tell, and adds to
  // them what it does not take again.
  const { connectionConfig } = config as { readonly connectionConfig: ConnectionOptions & Record<string, unknown> }
  const { clientFlags: _flags, maxPacketSize: _size, queryFormat: _format, ...settings } = connectionConfig
  return { ...settings, ...pinned }
}
