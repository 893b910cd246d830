import type { Message, RawDelivery } from '@waybill/core/contracts'
import { cloudEventNames, escapePrefix, type MessageFormat, reservedName, waybillNames } from './field-names.ts'

/** Names and values of an entry, in turns, as XADD takes them. */
export type EntryFields = readonly (string | Buffer)[]

/** The bytes of the message. Everything else of an entry is UTF-8 text. */
export const payloadField = 'waybill-payload'

const optional = [
  'orderingKey',
  'aggregateType',
  'aggregateId',
  'sequence',
  'correlationId',
  'causationId',
  'traceparent',
  'tracestate',
] as const

/** A message as the fields of an entry: its own facts under reserved names, the user's headers under theirs. */
export function encodeMessage(message: Message, format: MessageFormat): EntryFields {
  const { payload } = message
  const names = format === 'waybill' ? waybillNames : cloudEventNames
  const fields: (string | Buffer)[] = []
  if (format !== 'waybill') fields.push('ce_specversion', '1.0', 'ce_source', format.cloudEvents.source)
  fields.push(names.id, message.id, names.type, message.type, names.contentType, message.contentType)
  fields.push(names.schemaVersion, String(message.schemaVersion))
  fields.push(names.createdAt, format === 'waybill' ? String(message.createdAt) : isoTime(message.createdAt))
  for (const field of optional) {
    const value = message[field]
    if (value !== undefined) fields.push(names[field], String(value))
  }
  fields.push(payloadField, Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength))
  for (const name in message.headers)
    fields.push(reservedName.test(name) ? escapePrefix + name : name, message.headers[name] ?? '')
  return fields
}

/** Bytes of all names and values. */
export function sizeOf(fields: EntryFields): number {
  let bytes = 0
  for (const field of fields) bytes += typeof field === 'string' ? Buffer.byteLength(field) : field.byteLength
  return bytes
}

/** The fields of an entry as a consumer gets them undecoded. */
export function rawOf(fields: readonly Buffer[]): RawDelivery {
  const texts: [string, string][] = []
  let body: Buffer = Buffer.alloc(0)
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [name, value] = [fields[index]?.toString() ?? '', fields[index + 1] ?? Buffer.alloc(0)]
    if (name === payloadField) body = value
    else texts.push([name, value.toString()])
  }
  const headers = Object.fromEntries(texts)
  const key = headers[waybillNames.orderingKey] ?? headers[cloudEventNames.orderingKey]
  return { body, headers, ...(key === undefined ? {} : { key }) }
}

/** The message in an entry; undefined if it is none of ours: without an id, a type or readable numbers. */
export function decodeMessage(topic: string, { body, headers }: RawDelivery): Message | undefined {
  const isCloudEvent = Object.hasOwn(headers, 'ce_specversion')
  const names = isCloudEvent ? cloudEventNames : waybillNames
  const read = (name: string): string | undefined => (Object.hasOwn(headers, name) ? headers[name] : undefined)
  const [id, type] = [read(names.id), read(names.type)]
  const schemaVersion = Number(read(names.schemaVersion) ?? 1)
  const time = read(names.createdAt)
  const createdAt = isCloudEvent ? Date.parse(time ?? '') : Number(time ?? Number.NaN)
  if (!id || !type || !Number.isSafeInteger(schemaVersion)) return undefined
  const sequence = read(names.sequence)
  const texts = optional.flatMap((field) => {
    const value = read(names[field])
    return value === undefined || field === 'sequence' ? [] : [[field, value] as const]
  })
  return {
    id,
    topic,
    type,
    payload: body,
    contentType: read(names.contentType) ?? 'application/octet-stream',
    headers: userHeaders(headers),
    schemaVersion,
    // Information only: another program may leave it out.
    createdAt: Number.isFinite(createdAt) ? createdAt : 0,
    ...(sequence === undefined ? {} : { sequence: Number(sequence) }),
    ...Object.fromEntries(texts),
  }
}

function userHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers).flatMap(([name, value]) => {
    if (name.startsWith(escapePrefix)) return [[name.slice(escapePrefix.length), value]]
    return reservedName.test(name) ? [] : [[name, value]]
  })
  return Object.fromEntries(entries)
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
