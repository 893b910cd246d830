import type { Message, RawDelivery } from '@waybill/core/contracts'
import type { MessageProperties, Options } from 'amqplib'

/** How a message stands in AMQP. See the README for the table. */
export type MessageFormat =
  /** Native properties, and headers of our own for what has none. */
  | 'waybill'
  /** CloudEvents 1.0 in binary mode. `source` is the URI reference that says who produces the events. */
  | { readonly cloudEvents: { readonly source: string } }

type Facts = Exclude<keyof Message, 'topic' | 'payload' | 'headers'>
type Headers = Record<string, string>

/** Headers of what has no property, or does not fit into it: properties are limited to 255 bytes. */
const waybillNames: Readonly<Record<Facts, string>> = {
  id: 'waybill-id',
  type: 'waybill-type',
  contentType: 'content-type',
  schemaVersion: 'waybill-schema-version',
  createdAt: 'waybill-created-at',
  orderingKey: 'waybill-key',
  aggregateType: 'waybill-aggregate-type',
  aggregateId: 'waybill-aggregate-id',
  sequence: 'waybill-sequence',
  correlationId: 'waybill-correlation-id',
  causationId: 'waybill-causation-id',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
}

/**
 * The names of the AMQP 1.0 binding, which RabbitMQ hands to clients of AMQP 1.0 as application properties.
 *
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/amqp-protocol-binding.md
 */
const cloudEventNames: Readonly<Record<Facts, string>> = {
  id: 'cloudEvents:id',
  type: 'cloudEvents:type',
  contentType: 'content-type',
  schemaVersion: 'cloudEvents:schemaversion',
  createdAt: 'cloudEvents:time',
  orderingKey: 'cloudEvents:partitionkey',
  aggregateType: 'cloudEvents:aggregatetype',
  aggregateId: 'cloudEvents:subject',
  sequence: 'cloudEvents:sequence',
  correlationId: 'cloudEvents:correlationid',
  causationId: 'cloudEvents:causationid',
  traceparent: 'cloudEvents:traceparent',
  tracestate: 'cloudEvents:tracestate',
}
const cloudEventVersion = 'cloudEvents:specversion'

/** Fields with a property of their own, by its name. */
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

const reserved = /^(?:waybill-|cloudEvents:|ce[-_]|content-type$|traceparent$|tracestate$)/
/** Before the names of a user's headers that would be taken for ours: who enqueues by plain SQL can choose any. */
const escapePrefix = 'waybill-header-'
/** RabbitMQ adds these. */
const ofBroker = /^x-(?:delivery-count|acquired-count|death|first-death-.*|last-death-.*|opt-.*|routed-by-.*)$/

/** Properties and headers of a message. They are always persistent, and returned if there is no queue for them. */
export function toProperties(message: Message, format: MessageFormat): Options.Publish & { readonly headers: Headers } {
  const names = format === 'waybill' ? waybillNames : cloudEventNames
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
  return Object.fromEntries(entries.map(([name, value]) => [reserved.test(name) ? escapePrefix + name : name, value]))
}

/** What CloudEvents have as attributes although there are properties for it. */
function attributesOf({ id, type, correlationId }: Message, source: string): Headers {
  return {
    [cloudEventVersion]: '1.0',
    'cloudEvents:source': source,
    [cloudEventNames.id]: id,
    [cloudEventNames.type]: type,
    ...(correlationId === undefined ? {} : { [cloudEventNames.correlationId]: correlationId }),
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
    if (value !== undefined) headers[waybillNames[field as keyof typeof native]] = asText(value)
  }
  const key = headers[waybillNames.orderingKey] ?? headers[cloudEventNames.orderingKey]
  return { body, headers, ...(key === undefined ? {} : { key }) }
}

/** The message in a delivery, in either format; undefined if it is none of ours: without an id, a type or readable numbers. */
export function toMessage(topic: string, { body, headers }: RawDelivery): Message | undefined {
  const isCloudEvent = Object.hasOwn(headers, cloudEventVersion)
  const names = isCloudEvent ? cloudEventNames : waybillNames
  const read = (field: Facts): string | undefined => {
    const name = [names[field], waybillNames[field]].find((each) => Object.hasOwn(headers, each))
    return name === undefined ? undefined : headers[name]
  }
  const [id, type, sequence] = [read('id'), read('type'), read('sequence')]
  const schemaVersion = Number(read('schemaVersion') ?? 1)
  if (!id || !type || !Number.isSafeInteger(schemaVersion)) return undefined
  const time = read('createdAt') ?? ''
  const createdAt = isCloudEvent ? Date.parse(time) : Number(time)
  const optional = [...texts, 'correlationId' as const].flatMap((field) => {
    const value = read(field)
    return value === undefined || field === 'sequence' ? [] : [[field, value] as const]
  })
  return {
    id,
    topic,
    type,
    payload: body,
    contentType: read('contentType') ?? 'application/octet-stream',
    headers: userHeaders(headers),
    schemaVersion,
    // Information only: another program may leave it out.
    createdAt: Number.isFinite(createdAt) ? createdAt : 0,
    ...(sequence === undefined ? {} : { sequence: Number(sequence) }),
    ...Object.fromEntries(optional),
  }
}

function userHeaders(headers: Readonly<Headers>): Headers {
  const entries = Object.entries(headers).flatMap(([name, value]) => {
    if (name.startsWith(escapePrefix)) return [[name.slice(escapePrefix.length), value]]
    return reserved.test(name) ? [] : [[name, value]]
  })
  return Object.fromEntries(entries)
}

/** Other programs have numbers, booleans and tables among their headers. */
function asText(value: unknown): string {
  if (typeof value === 'string') return value
  if (Buffer.isBuffer(value)) return value.toString()
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
