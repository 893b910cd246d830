import { type AnyKysely, OwnConnection, openSessions, Session, type Sessions, SharedConnection } from '@waybill/sql'
import type { ConnectionOptions } from 'mysql2'
import { clientConnection } from './client-connection.ts'
import { classifyMysqlError } from './errors.ts'
import type { MysqlHandle, MysqlPool, ResolvedStorageOptions } from './options.ts'
import { sessionKind } from './session-kind.ts'

/** The connections of one storage, each opened when it is first needed: a process that only enqueues has none. */
export function openDatabase(handle: MysqlHandle, options: ResolvedStorageOptions): Sessions {
  const seconds = Math.max(1, Math.ceil(options.lockTimeoutMs / 1000))
  const settings = [
    'set session transaction isolation level read committed',
    `set session innodb_lock_wait_timeout = ${seconds}, lock_wait_timeout = ${seconds}, autocommit = 1,
      sql_mode = 'STRICT_ALL_TABLES', wait_timeout = @@global.wait_timeout`,
  ]
  return openSessions((purpose) => {
    const statementTimeoutMs = purpose === 'admin' ? 0 : options.statementTimeoutMs
    const own = (pool: MysqlPool) =>
      new OwnConnection(clientConnection({ config: connectionConfig(pool), settings, statementTimeoutMs }))
    const shared = (db: AnyKysely) => (handle.pool ? own(handle.pool) : new SharedConnection(db, classifyMysqlError))
    return new Session(handle.db === undefined ? own(handle.pool) : shared(handle.db), sessionKind(seconds))
  })
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
