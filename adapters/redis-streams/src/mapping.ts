import { escapeHeaderName, headerNames, type Message, messageOf, type RawDelivery } from '@waybill/core/contracts'
import { eventNames, type MessageFormat, reservedName } from './field-names.ts'

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
  const names = format === 'waybill' ? headerNames : eventNames
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
  for (const name in message.headers) fields.push(escapeHeaderName(name, reservedName), message.headers[name] ?? '')
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
  const key = headers[headerNames.orderingKey] ?? headers[eventNames.orderingKey]
  return { body, headers, ...(key === undefined ? {} : { key }) }
}

/** The message in an entry, in either format; undefined if it is none of ours. */
export function decodeMessage(topic: string, raw: RawDelivery): Message | undefined {
  const names = Object.hasOwn(raw.headers, 'ce_specversion') ? eventNames : headerNames
  return messageOf(topic, raw, reservedName, (fact) => raw.headers[names[fact]])
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
