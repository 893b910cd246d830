import type { OutboxMessage } from '@waybill/core/contracts'
import { type LaneRow, laneOf } from '@waybill/core/lanes'

/** Columns of `waybill_messages`. */
export interface MessageRow {
  readonly position: number
  readonly id: string
  readonly topic: string
  readonly type: string
  readonly ordering_key: string | null
  readonly lane: number
  readonly payload: Uint8Array
  readonly fields: string
  readonly status: 'PENDING' | 'PUBLISHED' | 'DEAD'
  readonly attempts: number
  readonly crashes: number
  readonly available_at: number | null
  readonly expires_at: number | null
  readonly inserted_at: number
  readonly settled_at: number | null
  readonly dead_reason: string | null
  readonly last_error: string | null
}

/** The columns of an insert, with the values' names as parameters. An empty payload is bound as NULL. */
export const insertMessage = `
  insert into waybill_messages
    (id, topic, type, ordering_key, lane, payload, fields, available_at, expires_at, inserted_at)
  values
    (:id, :topic, :type, :ordering_key, :lane, coalesce(:payload, x''), :fields, :available_at, :expires_at, :inserted_at)`

export function toParameters(message: OutboxMessage, now: number) {
  const { id, topic, type, orderingKey, payload, availableAt, delayMs, expiresAt, ...fields } = message
  return {
    id,
    topic,
    type,
    ordering_key: orderingKey ?? null,
    lane: laneOf(orderingKey ?? id),
    payload,
    fields: JSON.stringify(fields),
    available_at: delayMs === undefined ? (availableAt ?? null) : now + delayMs,
    expires_at: expiresAt ?? null,
    inserted_at: now,
  }
}

export function toMessage(row: MessageRow): OutboxMessage {
  return {
    ...(JSON.parse(row.fields) as Omit<OutboxMessage, 'id' | 'topic' | 'type' | 'payload'>),
    id: row.id,
    topic: row.topic,
    type: row.type,
    payload: row.payload,
    ...(row.ordering_key === null ? {} : { orderingKey: row.ordering_key }),
    ...(row.available_at === null ? {} : { availableAt: row.available_at }),
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
  }
}

export function toLaneRow(row: MessageRow, now: number): LaneRow {
  const { position, lane, attempts, crashes } = row
  return {
    position,
    lane,
    attempts,
    crashes,
    scheduled: row.available_at !== null,
    expired: row.expires_at !== null && row.expires_at <= now,
    message: toMessage(row),
  }
}
