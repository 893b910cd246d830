import { cloudEventNames, type Message } from '@waybill/core/contracts'

/**
 * CloudEvents 1.0, Kafka protocol binding, binary mode: attributes are headers with the prefix `ce_`, the data is the value.
 *
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
 */
export const eventNames: ReturnType<typeof cloudEventNames> = cloudEventNames('ce_')
const optional = [
  'aggregateType',
  'aggregateId',
  'correlationId',
  'causationId',
  'traceparent',
  'tracestate',
  'orderingKey',
  'sequence',
] as const

export function cloudEventHeaders(message: Message, source: string): Record<string, string> {
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_source: source,
    [eventNames.id]: message.id,
    [eventNames.type]: message.type,
    [eventNames.createdAt]: new Date(message.createdAt).toISOString(),
    [eventNames.schemaVersion]: String(message.schemaVersion),
    [eventNames.contentType]: message.contentType,
  }
  for (const fact of optional) if (message[fact] !== undefined) headers[eventNames[fact]] = String(message[fact])
  return headers
}

export function isCloudEvent(headers: Readonly<Record<string, string>>): boolean {
  return headers['ce_specversion'] === '1.0' && Boolean(headers[eventNames.id]) && Boolean(headers[eventNames.type])
}
