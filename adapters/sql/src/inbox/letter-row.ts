import { createHash } from 'node:crypto'
import type { DeliverySource, InboxBurial, InboxDeadLetter, InboxDeadReason, Message } from '@waybill/core/contracts'
import type { Insertable, Selectable } from 'kysely'
import type { DeadLettersTable } from '../tables.ts'

/** What a database has no type for, or nobody searches by. */
interface DeliveryFacts {
  readonly scope?: string
  readonly headers: Readonly<Record<string, string>>
  readonly key?: string
  readonly source: DeliverySource
}

export type LetterRow = Selectable<DeadLettersTable> & { readonly due_in: number | null }

/** Columns that the burial itself decides; the others belong to what becomes of it. */
type BurialColumns = Omit<
  Insertable<DeadLettersTable>,
  'position' | 'attempts' | 'redrives' | 'died_at' | 'due_at' | 'edited_payload'
>

export function toLetterRow({ receipt, scope, message, raw, source, reason, error }: InboxBurial): BurialColumns {
  const body = toBuffer(raw.body)
  const payload = message === undefined ? null : toBuffer(message.payload)
  const facts: DeliveryFacts = {
    ...(scope !== undefined && { scope }),
    headers: raw.headers,
    ...(raw.key !== undefined && { key: raw.key }),
    source,
  }
  return {
    consumer: receipt.consumer,
    key: receipt.key,
    scope: scope === undefined ? null : scopeHash(scope),
    topic: searchable(message?.topic ?? source.topic),
    type: message === undefined ? null : searchable(message.type),
    ordering_key: message?.orderingKey === undefined ? null : searchable(message.orderingKey),
    message: message === undefined ? null : JSON.stringify({ ...message, payload: undefined }),
    payload: payload === null || payload.equals(body) ? null : payload,
    body,
    delivery: JSON.stringify(facts),
    reason,
    error: JSON.stringify(error),
  }
}

export function toLetter(row: LetterRow): InboxDeadLetter {
  const { scope, headers, key, source }: DeliveryFacts = JSON.parse(row.delivery)
  const fields: Omit<Message, 'payload'> | null = row.message === null ? null : JSON.parse(row.message)
  return {
    receipt: { consumer: row.consumer, key: row.key },
    ...(scope !== undefined && { scope }),
    ...(fields !== null && { message: { ...fields, payload: row.payload ?? row.body } }),
    raw: { body: row.body, headers, ...(key !== undefined && { key }) },
    source,
    reason: row.reason as InboxDeadReason,
    error: JSON.parse(row.error),
    attempts: Number(row.attempts),
    redrives: Number(row.redrives),
    diedAt: Number(row.died_at),
    redriveInMs: row.due_in === null ? null : Number(row.due_in),
    ...(row.edited_payload !== null && { editedPayload: row.edited_payload }),
  }
}

/** A scope holds a NUL, which not every database stores, and may be longer than what an index takes. */
export function scopeHash(scope: string): string {
  return createHash('sha256').update(scope).digest('hex')
}

/** A text as far as a column takes it that is there to be searched: whole, unless it comes from elsewhere. */
export function searchable(text: string): string {
  const cut = text.length <= 255 ? text : [...text].slice(0, 255).join('')
  return cut.replaceAll('\u0000', '')
}

export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
