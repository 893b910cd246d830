export { sqlAdmin } from './admin/admin.ts'
export type { Connection, Connector } from './connections/connection.ts'
export { type DriverConnection, type OpenConnection, OwnConnection } from './connections/own-connection.ts'
export { inTransaction, Session, type SessionKind } from './connections/session.ts'
export { openSessions, type SessionPurpose, type Sessions } from './connections/sessions.ts'
export { SharedConnection } from './connections/shared-connection.ts'
export { type FieldTypes, type SchemaDialect, type SqlContext, type SqlDialect, sqlContext } from './dialect.ts'
export {
  onlyRow,
  type SqlDatabase,
  type SqlExecutor,
  type SqlTransaction,
  type Statement,
  type StatementResult,
} from './executor.ts'
export { handleProblems, type PoolKind } from './handle-problems.ts'
export { findDone } from './inbox/commands.ts'
export { type InboxParts, type InboxServer, keptComing } from './inbox/parts.ts'
export { recordReturning } from './inbox/record.ts'
export { lastTransition } from './inbox/transitions.ts'
export { appendByInsert, claimByUpsert } from './inbox/upserts.ts'
export { type SqlInbox, sqlInbox } from './inbox.ts'
export { type InsertStatements, insertStatements } from './insert.ts'
export { type AnyKysely, type AnyTransaction, kyselyExecutor, requireTransaction } from './kysely-executor.ts'
export { type LaneStoreParts, publishTemplate, sqlLaneStore } from './lanes/lane-store.ts'
export type { ServerIdentity } from './lanes/mark.ts'
export {
  byFilters,
  nextDue,
  type PendingQuery,
  type PendingQueryParts,
  type PendingRows,
  type PositionRange,
  pendingPositions,
  pendingQuery,
  pendingRows,
  type RowKind,
  type ScheduleRow,
  schedule,
} from './lanes/pending-rows.ts'
export { type LockParts, publishBesideLocks } from './lanes/publish-beside-locks.ts'
export { type LaneRowColumns, readColumns, toLaneRow } from './message-row.ts'
export { endExclusively, kyselyRunner, type RunnerParts, type Transact, transactionRunner } from './runner.ts'
export { checkSchema } from './schema/check.ts'
export { migrateAll, migrationSql, migrations } from './schema/migrations.ts'
export type { TableNames, Tables } from './tables.ts'
export { kept, type Parameter, type Template, template } from './template.ts'
export { untilAborted } from './until-aborted.ts'
