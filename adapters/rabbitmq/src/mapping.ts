import {
  cloudEventNames,
  escapeHeaderName,
  headerNames,
  type Message,
  messageOf,
  type RawDelivery,
} from '@waybill/core/contracts'
import type { MessageProperties, Options } from 'amqplib'

/** How a message stands in AMQP. See the README for the table. */
export type MessageFormat =
  /** Native properties, and headers of our own for what has none. */
  | 'waybill'
  /** CloudEvents 1.0 in binary mode. `source` is the URI reference that says who produces the events. */
  | { readonly cloudEvents: { readonly source: string } }

type Headers = Record<string, string>

/**
 * The prefix of the AMQP 1.0 binding, which RabbitMQ hands to clients of AMQP 1.0 as application properties.
 *
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/amqp-protocol-binding.md
 */
const eventNames = cloudEventNames('cloudEvents:')
const cloudEventVersion = 'cloudEvents:specversion'

/** Fields with a property of their own, by its name; in a header if they do not fit: properties are limited to 255 bytes. */
const native = { id: 'messageId', type: 'type', contentType: 'contentType', correlationId: 'correlationId' } as const
const maxPropertyBytes = 255

const texts = [
  'orderingKey',
  'aggregateType',
  'aggregateId',
  'sequence',
  'causationId',
  'traceparent',
  'tracestate',
] as const

const reserved = /^(?:waybill-|cloudEvents:|ce[-_]|content-type$|traceparent$|tracestate$|__proto__$)/
/** RabbitMQ adds these. */
const ofBroker = /^x-(?:delivery-count|acquired-count|death|first-death-.*|last-death-.*|opt-.*|routed-by-.*)$/

/** Properties and headers of a message. They are always persistent, and returned if there is no queue for them. */
export function toProperties(message: Message, format: MessageFormat): Options.Publish & { readonly headers: Headers } {
  const names = format === 'waybill' ? headerNames : eventNames
  const headers = format === 'waybill' ? {} : attributesOf(message, format.cloudEvents.source)
  const properties: Options.Publish = {}
  for (const field of Object.keys(native) as (keyof typeof native)[]) {
    const value = message[field] ?? ''
    if (value !== '' && Buffer.byteLength(value) <= maxPropertyBytes) properties[native[field]] = value
    else if (value !== '') headers[names[field]] = value
  }
  headers[names.schemaVersion] = String(message.schemaVersion)
  headers[names.createdAt] =
    format === 'waybill' ? String(message.createdAt) : new Date(message.createdAt).toISOString()
  for (const field of texts) if (message[field] !== undefined) headers[names[field]] = String(message[field])
  Object.assign(headers, escaped(message.headers))
  const timestamp = Math.floor(message.createdAt / 1000)
  return { ...properties, headers, timestamp, persistent: true, mandatory: true }
}

function escaped(headers: Readonly<Headers>): Headers {
  const entries = Object.entries(headers)
  return Object.fromEntries(entries.map(([name, value]) => [escapeHeaderName(name, reserved), value]))
}

/** What CloudEvents have as attributes although there are properties for it. */
function attributesOf({ id, type, correlationId }: Message, source: string): Headers {
  return {
    [cloudEventVersion]: '1.0',
    'cloudEvents:source': source,
    [eventNames.id]: id,
    [eventNames.type]: type,
    ...(correlationId === undefined ? {} : { [eventNames.correlationId]: correlationId }),
  }
}

/** Bytes of all names and values. */
export function headerBytes(properties: Options.Publish & { readonly headers: Headers }): number {
  let bytes = 0
  for (const name in properties.headers) bytes += name.length + Buffer.byteLength(properties.headers[name] ?? '') + 8
  return bytes
}

/** What RabbitMQ handed over, with properties and headers as text. */
export function rawOf(body: Buffer, properties: MessageProperties): RawDelivery {
  const headers: Headers = {}
  for (const [name, value] of Object.entries(properties.headers ?? {}))
    if (!ofBroker.test(name)) headers[name] = asText(value)
  for (const [field, property] of Object.entries(native)) {
    const value: unknown = properties[property]
    if (value !== undefined) headers[headerNames[field as keyof typeof native]] = asText(value)
  }
  const key = headers[headerNames.orderingKey] ?? headers[eventNames.orderingKey]
  return { body, headers, ...(key === undefined ? {} : { key }) }
}

/** The message in a delivery, in either format; undefined if it is none of ours. */
export function toMessage(topic: string, raw: RawDelivery): Message | undefined {
  const names = Object.hasOwn(raw.headers, cloudEventVersion) ? eventNames : headerNames
  return messageOf(topic, raw, reserved, (fact) => raw.headers[names[fact]] ?? raw.headers[headerNames[fact]])
}

/** Other programs have numbers, booleans and tables among their headers. */
function asText(value: unknown): string {
  if (typeof value === 'string') return value
  if (Buffer.isBuffer(value)) return value.toString()
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
