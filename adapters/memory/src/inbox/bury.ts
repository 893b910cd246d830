import type { InboxBurial } from '@waybill/core/contracts'
import type { MemoryTransaction } from '../database/memory-transaction.ts'
import { rowKey } from './row-key.ts'
import { lettersOf, letterTable, type StoredLetter } from './stored-letter.ts'

/** One row: the position of the latest first burial. */
const positionTable = 'waybill.inbox_dead_letter_positions'

/** A first burial takes a place behind all others; another one keeps the place and what was delivered. */
export async function bury(tx: MemoryTransaction, burial: InboxBurial, now: number): Promise<void> {
  const { redriveInMs, ...fields } = burial
  const row = rowKey(burial.receipt.consumer, burial.receipt.key)
  await tx.lock(letterTable, row)
  const before = tx.get(letterTable, row) as StoredLetter | undefined
  const letter: StoredLetter = {
    ...(before ?? { ...fields, position: await nextPosition(tx) }),
    reason: burial.reason,
    error: burial.error,
    attempts: (before?.attempts ?? 0) + burial.attempts,
    redrives: (before?.redrives ?? 0) + (redriveInMs === undefined ? 0 : 1),
    diedAt: now,
    dueAt: redriveInMs === undefined ? null : now + redriveInMs,
  }
  await tx.put(letterTable, row, letter)
  const isBehind = ({ receipt, scope, position, dueAt }: StoredLetter) =>
    receipt.consumer === letter.receipt.consumer &&
    scope !== undefined &&
    scope === letter.scope &&
    position > letter.position &&
    dueAt !== null
  await changeAll(tx, isBehind, (behind) => ({ ...behind, dueAt: null }))
}

/** Changes each that is chosen still when it is locked; `null` removes it. Answers how many. */
export async function changeAll(
  tx: MemoryTransaction,
  isChosen: (letter: StoredLetter) => boolean,
  change: (letter: StoredLetter, place: number) => StoredLetter | null,
): Promise<number> {
  let count = 0
  for (const { receipt } of lettersOf(tx.list(letterTable)).filter(isChosen)) {
    const row = rowKey(receipt.consumer, receipt.key)
    await tx.lock(letterTable, row)
    const letter = tx.get(letterTable, row) as StoredLetter | undefined
    if (letter === undefined || !isChosen(letter)) continue
    const changed = change(letter, count++)
    if (changed === null) await tx.delete(letterTable, row)
    else await tx.put(letterTable, row, changed)
  }
  return count
}

async function nextPosition(tx: MemoryTransaction): Promise<number> {
  await tx.lock(positionTable, 'last')
  const position = Number(tx.get(positionTable, 'last') ?? 0) + 1
  await tx.put(positionTable, 'last', position)
  return position
}
