import { MessageError, type OutboxMessage, type OutboxWriter, TransactionError } from '@waybill/core/contracts'
import type { Database } from './database.ts'
import { isDuplicate, storageError } from './errors.ts'
import { insertMessage, toParameters } from './message-row.ts'
import type { NodeSqliteTransaction } from './options.ts'

/** Writes messages in the caller's transaction. Calls of node:sqlite are synchronous, and so is `insertSync`. */
export function nodeSqliteWriter(
  database: Database,
): OutboxWriter<NodeSqliteTransaction> & Required<Pick<OutboxWriter<NodeSqliteTransaction>, 'insertSync'>> {
  const insertSync = (tx: NodeSqliteTransaction, messages: readonly OutboxMessage[]): void => {
    refuseOutside(tx)
    const now = database.now()
    const statement = tx.prepare(insertMessage)
    for (const message of messages) insertOne(() => statement.run(toParameters(message, now)), message.id)
  }
  return {
    specificationVersion: 'v1',
    name: 'node-sqlite',
    insertSync,
    async insert(tx, messages) {
      insertSync(tx, messages)
    },
  }
}

/** @throws {@link TransactionError} for a connection without a transaction, or one that has been closed. */
export function refuseOutside(tx: NodeSqliteTransaction): void {
  if (tx.isOpen && tx.isTransaction) return
  throw new TransactionError('The connection is not in a transaction: BEGIN one, or take that of transaction(work)')
}

function insertOne(insert: () => unknown, id: string): void {
  try {
    insert()
  } catch (error) {
    throw isDuplicate(error) ? duplicate(id, error) : storageError(error)
  }
}

function duplicate(id: string, cause: unknown): MessageError {
  return new MessageError('DUPLICATE_MESSAGE', `The message '${id}' is already in the outbox`, { path: 'id', cause })
}
