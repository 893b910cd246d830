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

/** What an INSERT writes. The payload is copied: the caller may use its buffer again. */
export function storedMessage(message: OutboxMessage, position: Position, now: number): StoredMessage {
  const { delayMs, ...contents } = message
  const availableAt = delayMs === undefined ? message.availableAt : now + delayMs
  const row: LaneRow = {
    position,
    lane: laneOf(message.orderingKey ?? message.id),
    attempts: 0,
    crashes: 0,
    scheduled: availableAt !== undefined,
    expired: false,
    message: {
      ...contents,
      ...(availableAt === undefined ? {} : { availableAt }),
      payload: message.payload.slice(),
      headers: { ...message.headers },
    },
  }
  return { row, status: 'PENDING', insertedAt: now, settledAt: 0, deadReason: null, lastError: null }
}

/** Earliest time of publication. */
export function availableAtOf(stored: StoredMessage): number {
  return stored.row.message.availableAt ?? stored.insertedAt
}
