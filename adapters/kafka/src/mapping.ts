import type { Message, RawDelivery } from '@waybill/core/contracts'
import { cloudEventHeaders, isCloudEvent, readCloudEvent } from './cloud-events.ts'

/** How a message stands in a record. See the README for the table. */
export type MessageFormat =
  /** Headers of our own, beside `content-type`, `traceparent` and `tracestate`. */
  | 'waybill'
  /** CloudEvents 1.0 in binary mode. `source` is the URI reference that says who produces the events. */
  | { readonly cloudEvents: { readonly source: string } }

/** Fields that are text, by their header. The topic is the record's, the ordering key is its key. */
const texts = {
  aggregateType: 'waybill-aggregate-type',
  aggregateId: 'waybill-aggregate-id',
  correlationId: 'waybill-correlation-id',
  causationId: 'waybill-causation-id',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
} as const
const textFields = Object.keys(texts) as (keyof typeof texts)[]
const [id, type, contentType] = ['waybill-id', 'waybill-type', 'content-type'] as const
const [schemaVersion, sequence, createdAt] = [
  'waybill-schema-version',
  'waybill-sequence',
  'waybill-created-at',
] as const

/** Names that are ours, and one that clients lose because they keep headers in plain objects. */
const reserved = /^(?:waybill-|ce_|content-type$|traceparent$|tracestate$|__proto__$)/
/** Before the names of a user's headers that would be taken for ours. */
const escaped = 'waybill-header-'

/** The record's headers of a message. */
export function toHeaders(message: Message, format: MessageFormat): Record<string, string> {
  const headers = format === 'waybill' ? ownHeaders(message) : cloudEventHeaders(message, format.cloudEvents.source)
  for (const [name, value] of Object.entries(message.headers))
    headers[reserved.test(name) ? `${escaped}${name}` : name] = value
  return headers
}

/** The message of a record in either format; `undefined` if it is not one of ours and no CloudEvent. */
export function toMessage(topic: string, raw: RawDelivery): Message | undefined {
  if (isCloudEvent(raw.headers)) return readCloudEvent(topic, raw, userHeaders(raw.headers))
  const { [id]: messageId, [type]: messageType } = raw.headers
  if (!messageId || !messageType) return undefined
  const optional = Object.entries(texts).flatMap(([field, header]) => {
    const value = raw.headers[header]
    return value === undefined ? [] : [[field, value]]
  })
  return {
    ...Object.fromEntries(optional),
    ...(raw.key === undefined ? {} : { orderingKey: raw.key }),
    ...(raw.headers[sequence] === undefined ? {} : { sequence: Number(raw.headers[sequence]) }),
    id: messageId,
    topic,
    type: messageType,
    payload: raw.body,
    contentType: raw.headers[contentType] ?? 'application/octet-stream',
    headers: userHeaders(raw.headers),
    schemaVersion: Number(raw.headers[schemaVersion] ?? 1),
    createdAt: Number(raw.headers[createdAt] ?? 0),
  }
}

function ownHeaders(message: Message): Record<string, string> {
  const headers: Record<string, string> = {
    [id]: message.id,
    [type]: message.type,
    [contentType]: message.contentType,
    [schemaVersion]: String(message.schemaVersion),
    [createdAt]: String(message.createdAt),
  }
  if (message.sequence !== undefined) headers[sequence] = String(message.sequence)
  for (const field of textFields) {
    const value = message[field]
    if (value !== undefined) headers[texts[field]] = value
  }
  return headers
}

function userHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const own = Object.entries(headers).flatMap(([name, value]) => {
    if (name.startsWith(escaped)) return [[name.slice(escaped.length), value]]
    return reserved.test(name) ? [] : [[name, value]]
  })
  return Object.fromEntries(own)
}
