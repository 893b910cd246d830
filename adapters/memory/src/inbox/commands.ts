import { type CommandStorage, TransactionError, type TransactionRunner } from '@waybill/core/contracts'
import type { MemoryDatabase } from '../database/memory-database.ts'
import type { MemoryTransaction } from '../database/memory-transaction.ts'
import { pruneInBatches } from '../storage/memory-admin.ts'
import { refuseForeign } from '../storage/memory-writer.ts'
import { rowKey } from './row-key.ts'

const commandTable = 'waybill.commands'

interface StoredCommand {
  readonly fingerprint: string
  /** `null`: claimed and not completed. */
  readonly result: string | null
  readonly expiresAt: number
}

interface DoneCommand extends StoredCommand {
  readonly result: string
}

export function memoryCommands(
  database: MemoryDatabase,
  { transaction }: TransactionRunner<MemoryTransaction>,
): CommandStorage<MemoryTransaction> {
  const done = (stored: unknown): DoneCommand | null => {
    const command = stored as StoredCommand | undefined
    if (command === undefined || command.result === null || command.expiresAt <= database.now()) return null
    return { ...command, result: command.result }
  }
  return {
    async claim(tx, { scope, key, fingerprint, retentionMs, whenBusy }) {
      refuseForeign(database, tx)
      const row = rowKey(scope, key)
      const early = done(tx.get(commandTable, row))
      if (early !== null) return { type: 'done', fingerprint: early.fingerprint, result: early.result }
      if (whenBusy === 'wait') await tx.lock(commandTable, row)
      else if (!tx.tryLock(commandTable, row)) return { type: 'busy' }
      const late = done(tx.get(commandTable, row))
      if (late !== null) return { type: 'done', fingerprint: late.fingerprint, result: late.result }
      const claimed: StoredCommand = { fingerprint, result: null, expiresAt: database.now() + retentionMs }
      await tx.put(commandTable, row, claimed)
      return { type: 'new' }
    },
    async complete(tx, { scope, key }, result) {
      refuseForeign(database, tx)
      const row = rowKey(scope, key)
      const claimed = tx.get(commandTable, row) as StoredCommand | undefined
      if (claimed === undefined || claimed.result !== null) {
        throw new TransactionError(`The command '${key}' of '${scope}' has no open claim: claim it in this transaction`)
      }
      await tx.put(commandTable, row, { ...claimed, result })
    },
    async find({ scope, key }) {
      const found = done(database.read(commandTable).get(rowKey(scope, key)))
      return found && { fingerprint: found.fingerprint, result: found.result }
    },
    prune: (options) =>
      pruneInBatches(options, (batchSize) =>
        transaction(async (tx) => {
          const isOld = (stored: unknown) => (stored as StoredCommand).expiresAt <= database.now() - options.olderThanMs
          const old = [...tx.list(commandTable)].filter(([, stored]) => isOld(stored)).slice(0, batchSize)
          for (const [row] of old) await tx.delete(commandTable, row)
          return old.length
        }),
      ),
  }
}
