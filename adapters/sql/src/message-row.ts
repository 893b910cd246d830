import type { OutboxMessage } from '@waybill/core/contracts'
import type { LaneRow } from '@waybill/core/lanes'
import type { Selectable } from 'kysely'
import type { MessagesTable } from './tables.ts'

type AttributeName =
  | 'contentType'
  | 'schemaVersion'
  | 'sequence'
  | 'correlationId'
  | 'causationId'
  | 'traceparent'
  | 'tracestate'

/** Fields of a message that most messages lack: together in one column, because every column costs at every read. */
export const attributes: Readonly<Record<AttributeName, 'string' | 'integer'>> = {
  contentType: 'string',
  schemaVersion: 'integer',
  sequence: 'integer',
  correlationId: 'string',
  causationId: 'string',
  traceparent: 'string',
  tracestate: 'string',
}

const attributeNames = Object.keys(attributes) as readonly AttributeName[]
const defaults: Partial<Record<AttributeName, string | number>> = { contentType: 'application/json', schemaVersion: 1 }

/** Columns that make a message. */
export const messageColumns = [
  'id',
  'topic',
  'type',
  'ordering_key',
  'payload',
  'headers',
  'attributes',
  'aggregate_type',
  'aggregate_id',
  'max_attempts',
  'available_at',
  'expires_at',
  'created_at',
] as const

export type MessageRow = Pick<Selectable<MessagesTable>, (typeof messageColumns)[number]>

/** Columns that a lane row has besides its message's. */
const laneColumns = ['position', 'lane', 'attempts', 'crashes'] as const

/** Columns of a read, in their order. */
export const readColumns: readonly ((typeof laneColumns)[number] | (typeof messageColumns)[number])[] = [
  ...laneColumns,
  ...messageColumns,
]

export type LaneRowColumns = MessageRow & Pick<Selectable<MessagesTable>, (typeof laneColumns)[number]>

/** Values of an insert, by column. `delay_ms` becomes `available_at` by the database's clock. */
export type InsertRow = MessageRow & { readonly delay_ms: number | null }

export function toInsertRow(message: OutboxMessage): InsertRow {
  return {
    id: message.id,
    topic: message.topic,
    type: message.type,
    ordering_key: message.orderingKey ?? null,
    payload: message.payload,
    headers: hasFields(message.headers) ? JSON.stringify(message.headers) : null,
    attributes: attributesOf(message),
    aggregate_type: message.aggregateType ?? null,
    aggregate_id: message.aggregateId ?? null,
    max_attempts: message.maxAttempts ?? null,
    available_at: message.availableAt ?? null,
    expires_at: message.expiresAt ?? null,
    created_at: message.createdAt,
    delay_ms: message.delayMs ?? null,
  }
}

function attributesOf(message: OutboxMessage): string | null {
  let text = ''
  for (const name of attributeNames) {
    const value = message[name]
    if (value !== undefined && value !== defaults[name])
      text += `${text === '' ? '{' : ','}"${name}":${JSON.stringify(value)}`
  }
  return text === '' ? null : `${text}}`
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] }

const noHeaders: Readonly<Record<string, string>> = Object.freeze({})
const encoder = new TextEncoder()

export function toMessage(row: MessageRow): OutboxMessage {
  const message: Writable<OutboxMessage> = {
    id: row.id,
    topic: row.topic,
    type: row.type,
    payload: typeof row.payload === 'string' ? encoder.encode(row.payload) : row.payload,
    contentType: 'application/json',
    headers: row.headers === null ? noHeaders : toHeaders(row.headers),
    schemaVersion: 1,
    createdAt: row.created_at,
  }
  if (row.ordering_key !== null) message.orderingKey = row.ordering_key
  if (row.aggregate_type !== null) message.aggregateType = row.aggregate_type
  if (row.aggregate_id !== null) message.aggregateId = row.aggregate_id
  if (row.max_attempts !== null) message.maxAttempts = row.max_attempts
  if (row.available_at !== null) message.availableAt = row.available_at
  if (row.expires_at !== null) message.expiresAt = row.expires_at
  // The table's checks know the fields and their types, so that nothing else can stand here.
  if (row.attributes !== null) Object.assign(message, JSON.parse(row.attributes))
  return message
}

/** @param now - The database's clock, of the same read. */
export function toLaneRow(row: LaneRowColumns, now: number): LaneRow {
  return {
    position: row.position,
    lane: row.lane,
    attempts: row.attempts,
    crashes: row.crashes,
    scheduled: row.available_at !== null,
    expired: row.expires_at !== null && row.expires_at <= now,
    message: toMessage(row),
  }
}

/** The table checks that headers are an object. Another program may have written a value that is no text. */
function toHeaders(text: string): Readonly<Record<string, string>> {
  const headers: Record<string, unknown> = JSON.parse(text)
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string') headers[name] = JSON.stringify(value)
  }
  return headers as Record<string, string>
}

function hasFields(record: object): boolean {
  for (const _ in record) return true
  return false
}
