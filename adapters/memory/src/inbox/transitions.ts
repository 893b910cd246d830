import type { RecordedTransition, TransitionLog } from '@waybill/core/contracts'
import type { MemoryDatabase } from '../database/memory-database.ts'
import type { MemoryTransaction } from '../database/memory-transaction.ts'
import { refuseForeign } from '../storage/memory-writer.ts'
import { rowKey } from './row-key.ts'

/** All transitions of an entity in one row. */
const transitionTable = 'waybill.transitions'

export function memoryTransitions(database: MemoryDatabase): TransitionLog<MemoryTransaction> {
  return {
    async append(tx, transition) {
      refuseForeign(database, tx)
      const row = rowKey(transition.machine, transition.entity)
      // Another transaction that moves the entity comes first; then its move is seen.
      await tx.lock(transitionTable, row)
      const log = transitions(tx.get(transitionTable, row))
      const current = log.at(-1)?.to ?? null
      if (current !== transition.from) return { type: 'conflict', current }
      const appended: RecordedTransition = { ...transition, sequence: log.length + 1, at: database.now() }
      await tx.put(transitionTable, row, [...log, appended])
      return { type: 'appended', sequence: appended.sequence }
    },
    async history(machine, entity, { signal } = {}) {
      signal?.throwIfAborted()
      return structuredClone(transitions(database.read(transitionTable).get(rowKey(machine, entity))))
    },
  }
}

function transitions(stored: unknown): readonly RecordedTransition[] {
  return (stored as readonly RecordedTransition[] | undefined) ?? []
}
