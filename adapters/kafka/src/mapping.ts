import { escapeHeaderName, headerNames, type Message, messageOf, type RawDelivery } from '@waybill/core/contracts'
import { cloudEventHeaders, eventNames, isCloudEvent } from './cloud-events.ts'

/** How a message stands in a record. See the README for the table. */
export type MessageFormat =
  /** Headers of our own, beside `content-type`, `traceparent` and `tracestate`. */
  | 'waybill'
  /** CloudEvents 1.0 in binary mode. `source` is the URI reference that says who produces the events. */
  | { readonly cloudEvents: { readonly source: string } }

/** The topic is the record's, the ordering key is its key. */
const optional = [
  'aggregateType',
  'aggregateId',
  'sequence',
  'correlationId',
  'causationId',
  'traceparent',
  'tracestate',
] as const

/** Names that are ours, and one that clients lose because they keep headers in plain objects. */
const reserved = /^(?:waybill-|ce_|content-type$|traceparent$|tracestate$|__proto__$)/

/** The record's headers of a message. */
export function toHeaders(message: Message, format: MessageFormat): Record<string, string> {
  const headers = format === 'waybill' ? ownHeaders(message) : cloudEventHeaders(message, format.cloudEvents.source)
  for (const [name, value] of Object.entries(message.headers)) headers[escapeHeaderName(name, reserved)] = value
  return headers
}

/** The message of a record in either format; `undefined` if it is not one of ours and no CloudEvent. */
export function toMessage(topic: string, raw: RawDelivery): Message | undefined {
  const names = isCloudEvent(raw.headers) ? eventNames : headerNames
  return messageOf(topic, raw, reserved, (fact) => {
    const value = raw.headers[names[fact]]
    return fact === 'orderingKey' ? (value ?? raw.key) : value
  })
}

function ownHeaders(message: Message): Record<string, string> {
  const headers: Record<string, string> = {
    [headerNames.id]: message.id,
    [headerNames.type]: message.type,
    [headerNames.contentType]: message.contentType,
    [headerNames.schemaVersion]: String(message.schemaVersion),
    [headerNames.createdAt]: String(message.createdAt),
  }
  for (const fact of optional) if (message[fact] !== undefined) headers[headerNames[fact]] = String(message[fact])
  return headers
}
