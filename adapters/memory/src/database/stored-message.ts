import type { DeadReason, FailureSummary, OutboxMessage } from '@waybill/core/contracts'
import { type LaneRow, laneOf, type Position } from '@waybill/core/lanes'

/** A row of the outbox. `row` is never changed, only replaced: what a read has handed out stays as it was. */
export interface StoredMessage {
  row: LaneRow
  status: 'PENDING' | 'PUBLISHED' | 'DEAD'
  /** When it was inserted or redriven, by the database's clock. */
  readonly insertedAt: number
  /** When it became PUBLISHED or DEAD, by the database's clock. */
  settledAt: number
  deadReason: DeadReason | null
  lastError: FailureSummary | null
}

/** What an INSERT writes. */
export function storedMessage(given: OutboxMessage, position: Position, now: number): StoredMessage {
  const message = contentsOf(given, now)
  const row: LaneRow = {
    position,
    lane: laneOf(message.orderingKey ?? message.id),
    attempts: 0,
    crashes: 0,
    scheduled: message.availableAt !== undefined,
    expired: false,
    message,
  }
  return { row, status: 'PENDING', insertedAt: now, settledAt: 0, deadReason: null, lastError: null }
}

/** A copy: the caller may use its buffers again. */
function contentsOf(message: OutboxMessage, now: number): OutboxMessage {
  const copy = { ...message, payload: message.payload.slice(), headers: { ...message.headers } }
  if (message.delayMs === undefined) return copy
  const { delayMs, ...contents } = copy
  return { ...contents, availableAt: now + message.delayMs }
}

/** Earliest time of publication. */
export function availableAtOf(stored: StoredMessage): number {
  return stored.row.message.availableAt ?? stored.insertedAt
}
