import type { InboxStorage, TransactionRunner } from '@waybill/core/contracts'
import { inBatches } from './admin.ts'
import { Database } from './database.ts'
import { storageError } from './errors.ts'
import type { NodeSqliteOptions, NodeSqliteTransaction } from './options.ts'
import { nodeSqliteRunner } from './runner.ts'
import { refuseOutside } from './writer.ts'

export interface NodeSqliteInbox extends InboxStorage<NodeSqliteTransaction>, TransactionRunner<NodeSqliteTransaction> {
  /** Lets go of the file. */
  close(): void
}

/** An inbox in a file: receipts alone. What is given up goes where the broker puts dead letters. */
export function nodeSqliteInbox(options: NodeSqliteOptions): NodeSqliteInbox {
  const database = new Database(options)
  const { now } = database
  const record = 'insert into waybill_receipts values (:consumer, :key, :now) on conflict do nothing'
  const prune = `
    delete from waybill_receipts where rowid in (
      select rowid from waybill_receipts where recorded_at <= :until limit :batchSize)`
  return {
    specificationVersion: 'v1',
    name: 'node-sqlite',
    async record(tx, receipts) {
      refuseOutside(tx)
      try {
        // Nobody else writes meanwhile: no order of the keys could end in a deadlock.
        const statement = tx.prepare(record)
        return receipts.map(({ consumer, key }) =>
          statement.run({ consumer, key, now: now() }).changes === 1 ? 'recorded' : 'duplicate',
        )
      } catch (error) {
        throw storageError(error)
      }
    },
    prune: (options) =>
      inBatches(options, (batchSize) =>
        database.write((sql) =>
          Number(sql.prepare(prune).run({ until: now() - options.olderThanMs, batchSize }).changes),
        ),
      ),
    ...nodeSqliteRunner(database),
    close: () => database.close(),
  }
}
