import type { InboxDeadLetterFilter, InboxDeadLetters, TransactionRunner } from '@waybill/core/contracts'
import type { MemoryDatabase } from '../database/memory-database.ts'
import type { MemoryTransaction } from '../database/memory-transaction.ts'
import { refuseForeign } from '../storage/memory-writer.ts'
import { bury, changeAll } from './bury.ts'
import { rowKey } from './row-key.ts'
import {
  foremost,
  lettersOf,
  letterTable,
  matches,
  refuseBadRate,
  refuseEmpty,
  type StoredLetter,
  toDeadLetter,
} from './stored-letter.ts'

export function memoryInboxDeadLetters(
  database: MemoryDatabase,
  runner: TransactionRunner<MemoryTransaction>,
): InboxDeadLetters<MemoryTransaction> {
  const committed = () => lettersOf(database.read(letterTable))
  return {
    bury: (burial) => runner.transaction((tx) => bury(tx, burial, database.now())),
    async due(consumer, limit) {
      const now = database.now()
      const letters = foremost(committed(), consumer, now).slice(0, limit)
      const own = committed().filter(({ receipt }) => receipt.consumer === consumer)
      const times = own.flatMap(({ dueAt }) => (dueAt !== null && dueAt > now ? dueAt : []))
      return {
        letters: letters.map((letter) => toDeadLetter(database, letter)),
        nextDueInMs: times.length === 0 ? null : Math.min(...times) - now,
      }
    },
    async take(tx, { consumer, key }) {
      refuseForeign(database, tx)
      const row = rowKey(consumer, key)
      const candidates = foremost(lettersOf(tx.list(letterTable)), consumer, database.now())
      if (!candidates.some(({ receipt }) => receipt.key === key) || !tx.tryLock(letterTable, row)) return false
      await tx.delete(letterTable, row)
      return true
    },
    ...operations(database, runner),
  }
}

type Operations = Pick<InboxDeadLetters<MemoryTransaction>, 'list' | 'redrive' | 'edit' | 'discard'>

function operations(database: MemoryDatabase, { transaction }: TransactionRunner<MemoryTransaction>): Operations {
  const committed = () => lettersOf(database.read(letterTable))
  return {
    async list(filter = {}, { signal } = {}) {
      signal?.throwIfAborted()
      const found = committed().filter(matches(filter))
      return found.slice(0, filter.limit ?? 100).map((letter) => toDeadLetter(database, letter))
    },
    async redrive(filter, { signal, perSecond, dryRun = false } = {}) {
      signal?.throwIfAborted()
      refuseEmpty('redrive', filter)
      refuseBadRate(perSecond)
      const messages = (letter: StoredLetter) => letter.message !== undefined && matches(filter)(letter)
      if (dryRun) return committed().filter(messages).length
      const now = database.now()
      const dueAt = (place: number) => now + (perSecond === undefined ? 0 : Math.floor((place * 1000) / perSecond))
      return transaction((tx) =>
        changeAll(tx, messages, (letter, place) => ({
          ...letter,
          dueAt: dueAt(place),
          redrives: letter.redrives + 1,
        })),
      )
    },
    async edit(receipt, payload, { signal } = {}) {
      signal?.throwIfAborted()
      const isIt = matches({ consumer: receipt.consumer, keys: [receipt.key] })
      const edit = ({ editedPayload: _, ...letter }: StoredLetter) =>
        payload === null ? letter : { ...letter, editedPayload: payload }
      return (await transaction((tx) => changeAll(tx, isIt, edit))) > 0
    },
    async discard(filter: InboxDeadLetterFilter, { signal } = {}) {
      signal?.throwIfAborted()
      refuseEmpty('discard', filter)
      return transaction((tx) => changeAll(tx, matches(filter), () => null))
    },
  }
}
