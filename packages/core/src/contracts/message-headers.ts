import type { RawDelivery } from './broker-consumer.ts'
import type { Message } from './message.ts'

/** What a broker carries of a message beside its topic, its payload and the user's headers. */
export type MessageFact = Exclude<keyof Message, 'topic' | 'payload' | 'headers'>

/**
 * The names under which the facts of a message travel where a broker has nothing better for them. One table for all brokers,
 * so that an operator looks for the same name everywhere and a bridge that copies headers keeps the message what it is.
 * All values are text; `createdAt` is in milliseconds since the epoch.
 */
export const headerNames: Readonly<Record<MessageFact, string>> = {
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
 * The names of a CloudEvent's attributes, with the prefix of the broker's binding. `partitionkey`, `sequence`, `traceparent` and
 * `tracestate` are documented extensions of CloudEvents 1.0, the others beyond the required ones are ours.
 *
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/documented-extensions.md
 */
export function cloudEventNames(prefix: string): Readonly<Record<MessageFact, string>> {
  return {
    id: `${prefix}id`,
    type: `${prefix}type`,
    contentType: 'content-type',
    schemaVersion: `${prefix}schemaversion`,
    createdAt: `${prefix}time`,
    orderingKey: `${prefix}partitionkey`,
    aggregateType: `${prefix}aggregatetype`,
    aggregateId: `${prefix}subject`,
    sequence: `${prefix}sequence`,
    correlationId: `${prefix}correlationid`,
    causationId: `${prefix}causationid`,
    traceparent: `${prefix}traceparent`,
    tracestate: `${prefix}tracestate`,
  }
}

const escapePrefix = 'waybill-header-'

/**
 * The name under which a user's header may stand beside ours: one that `reserved` matches gets a prefix. The catalogue refuses
 * such names, but who enqueues by plain SQL can choose any. One that has the prefix already gets another one.
 */
export function escapeHeaderName(name: string, reserved: RegExp): string {
  return reserved.test(name) || name.startsWith(escapePrefix) ? escapePrefix + name : name
}

/** The user's headers among those that came, under their own names. The way back of {@link escapeHeaderName}. */
export function userHeaders(headers: Readonly<Record<string, string>>, reserved: RegExp): Record<string, string> {
  const own = Object.entries(headers).flatMap(([name, value]) => {
    if (name.startsWith(escapePrefix)) return [[name.slice(escapePrefix.length), value]]
    return reserved.test(name) ? [] : [[name, value]]
  })
  return Object.fromEntries(own)
}

const optional = [
  'orderingKey',
  'aggregateType',
  'aggregateId',
  'correlationId',
  'causationId',
  'traceparent',
  'tracestate',
] as const

/**
 * The message that a delivery's facts make. `undefined` if it is none of ours: without an id or a type, or with a schema
 * version that is no whole number. What only informs (`createdAt`, `sequence`) may be missing or be another program's own.
 *
 * @param read the text of a fact, wherever the broker has it. `createdAt` in milliseconds or as an RFC 3339 timestamp.
 */
export function messageOf(
  topic: string,
  { body, headers }: RawDelivery,
  reserved: RegExp,
  read: (fact: MessageFact) => string | undefined,
): Message | undefined {
  const [id, type, sequence] = [read('id'), read('type'), Number(read('sequence') || undefined)]
  const schemaVersion = Number(read('schemaVersion') ?? 1)
  if (!id || !type || !Number.isSafeInteger(schemaVersion)) return undefined
  const texts = optional.flatMap((fact) => {
    const value = read(fact)
    return value === undefined ? [] : [[fact, value] as const]
  })
  return {
    id,
    topic,
    type,
    payload: body,
    contentType: read('contentType') ?? 'application/octet-stream',
    headers: userHeaders(headers, reserved),
    schemaVersion,
    createdAt: timeOf(read('createdAt')),
    ...(Number.isSafeInteger(sequence) ? { sequence } : {}),
    ...Object.fromEntries(texts),
  }
}

function timeOf(text = ''): number {
  const ms = Number(text)
  const time = Number.isNaN(ms) ? Date.parse(text) : ms
  return Number.isFinite(time) ? time : 0
}
