import type { Message, RawDelivery } from '@waybill/core/contracts'

/**
 * CloudEvents 1.0, Kafka protocol binding, binary mode: attributes are headers with the prefix `ce_`, the data is the value.
 * Extensions have the names that the specification documents, where there is one (partitionkey, sequence, traceparent).
 *
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
 */
const extensions = {
  aggregateType: 'ce_aggregatetype',
  aggregateId: 'ce_subject',
  correlationId: 'ce_correlationid',
  causationId: 'ce_causationid',
  traceparent: 'ce_traceparent',
  tracestate: 'ce_tracestate',
  orderingKey: 'ce_partitionkey',
} as const

export function cloudEventHeaders(message: Message, source: string): Record<string, string> {
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: message.id,
    ce_source: source,
    ce_type: message.type,
    ce_time: new Date(message.createdAt).toISOString(),
    ce_schemaversion: String(message.schemaVersion),
    'content-type': message.contentType,
  }
  if (message.sequence !== undefined) headers['ce_sequence'] = String(message.sequence)
  for (const field of Object.keys(extensions) as (keyof typeof extensions)[]) {
    const value = message[field]
    if (value !== undefined) headers[extensions[field]] = value
  }
  return headers
}

export function isCloudEvent(headers: Readonly<Record<string, string>>): boolean {
  return headers['ce_specversion'] === '1.0' && Boolean(headers['ce_id']) && Boolean(headers['ce_type'])
}

/** Also of events that others have made: what they leave out has the value that is usual. */
export function readCloudEvent(topic: string, raw: RawDelivery, headers: Readonly<Record<string, string>>): Message {
  const attributes = raw.headers
  const optional = Object.entries(extensions).flatMap(([field, header]) => {
    const value = attributes[header]
    return value === undefined ? [] : [[field, value]]
  })
  const sequence = attributes['ce_sequence'] ?? ''
  const createdAt = Date.parse(attributes['ce_time'] ?? '')
  return {
    ...(raw.key === undefined ? {} : { orderingKey: raw.key }),
    ...Object.fromEntries(optional),
    // To others a sequence is any text.
    ...(Number.isSafeInteger(Number(sequence || undefined)) ? { sequence: Number(sequence) } : {}),
    id: attributes['ce_id'] ?? '',
    topic,
    type: attributes['ce_type'] ?? '',
    payload: raw.body,
    contentType: attributes['content-type'] ?? 'application/octet-stream',
    headers,
    schemaVersion: Number(attributes['ce_schemaversion'] ?? 1),
    createdAt: Number.isNaN(createdAt) ? 0 : createdAt,
  }
}
