export { type NodeSqliteInbox, nodeSqliteInbox } from './inbox.ts'
export type { NodeSqliteOptions, NodeSqliteTransaction } from './options.ts'
export { schema } from './schema.ts'
export { type NodeSqliteStorage, nodeSqliteStorage } from './storage.ts'
