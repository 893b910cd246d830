import type { DeadReason, FailureSummary } from '@waybill/core/contracts'
import type { Position, RowRef } from '@waybill/core/lanes'
import type { MemoryDatabase } from '../database/memory-database.ts'

/** Makes rows PUBLISHED, or removes them if nothing is retained. Not durable before the next durable commit. */
export function publishRows(database: MemoryDatabase, rows: readonly RowRef[], retentionMs: number): Position[] {
  const locked = database.lanes.current?.lockedRows
  const done = rows.filter((row) => locked?.has(row.position) !== true)
  const undo: (() => void)[] = []
  for (const row of done) publishRow(database, row, { retentionMs, undo })
  if (retentionMs > 0) dropOldest(database, { retentionMs, undo })
  database.committed(undo)
  return done.map((row) => row.position)
}

interface Publication {
  readonly retentionMs: number
  /** Gets how to take each write back. */
  readonly undo: (() => void)[]
}

function publishRow({ messages, now }: MemoryDatabase, row: RowRef, { retentionMs, undo }: Publication): void {
  const stored = messages.pendingRow(row)
  if (stored === undefined) return
  if (retentionMs === 0) {
    messages.remove(stored)
    undo.push(() => messages.add(stored))
  } else {
    messages.update(stored, { status: 'PUBLISHED', settledAt: now() })
    undo.push(() => messages.update(stored, { status: 'PENDING', settledAt: 0 }))
  }
}

function dropOldest({ messages, now }: MemoryDatabase, { retentionMs, undo }: Publication): void {
  const oldest = now() - retentionMs
  for (const stored of messages.published) {
    if (stored.settledAt >= oldest) return
    messages.remove(stored)
    undo.push(() => messages.add(stored))
  }
}

/** What a failed attempt leaves in its row. `attempts` is the new count. */
interface FailedAttempt {
  readonly attempts: number
  readonly crashes: number
  readonly error: FailureSummary
}

/** Writes a failed attempt to a row that stays pending. */
export function retryRow(database: MemoryDatabase, row: RowRef, change: FailedAttempt): void {
  const stored = database.messages.pendingRow(row)
  if (stored === undefined) return
  const { attempts, crashes, error } = change
  database.messages.update(stored, { row: { ...stored.row, attempts, crashes }, lastError: error })
}

/** Makes a pending row DEAD. */
export function buryRow(
  database: MemoryDatabase,
  reference: RowRef,
  change: FailedAttempt & { readonly reason: DeadReason },
): void {
  const stored = database.messages.pendingRow(reference)
  if (stored === undefined) return
  const { attempts, crashes, error, reason } = change
  const row = { ...stored.row, attempts, crashes }
  const settledAt = database.now()
  database.messages.update(stored, { row, status: 'DEAD', settledAt, deadReason: reason, lastError: error })
}
