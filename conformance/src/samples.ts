import type { Message, OutboxMessage } from '@waybill/core/contracts'

const encoder = new TextEncoder()

/** A message as a producer makes them; `label` begins its id, so that a failure can be read. */
export function sample(label: string, fields: Partial<OutboxMessage> = {}): OutboxMessage {
  return {
    id: `${label}-${crypto.randomUUID()}`,
    topic: 'orders',
    type: 'order.placed',
    payload: encoder.encode(JSON.stringify({ label })),
    contentType: 'application/json',
    headers: {},
    schemaVersion: 1,
    createdAt: 1_700_000_000_000,
    ...fields,
  }
}

/** `count` messages, labelled `<label>1`, `<label>2` and so on. */
export function samples(label: string, count: number, fields: Partial<OutboxMessage> = {}): readonly OutboxMessage[] {
  return Array.from({ length: count }, (_, index) => sample(`${label}${index + 1}`, fields))
}

/** `each` messages for every key, in turns: a1 b1 c1 a2 b2 c2 … */
export function interleaved(
  keys: readonly string[],
  each: number,
  fields: Partial<OutboxMessage> = {},
): readonly OutboxMessage[] {
  return Array.from({ length: each }, (_, round) =>
    keys.map((orderingKey) => sample(`${orderingKey}${round + 1}`, { ...fields, orderingKey })),
  ).flat()
}

/** The first part of an id: what a person calls the message. */
export function labelOf(message: Pick<Message, 'id'>): string {
  return message.id.split('-')[0] ?? message.id
}

export function labelsOf(messages: readonly Pick<Message, 'id'>[]): readonly string[] {
  return messages.map(labelOf)
}

/** Contents that adapters lose, shorten or change, each the reason for somebody's bug. */
export function awkwardMessages(topic = 'orders'): readonly OutboxMessage[] {
  const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index)
  const awkward: readonly (readonly [label: string, fields: Partial<OutboxMessage>])[] = [
    ['empty', { payload: new Uint8Array() }],
    ['binary', { payload: everyByte, contentType: 'application/octet-stream' }],
    ['large', { payload: Uint8Array.from({ length: 200_000 }, (_, index) => index % 251) }],
    ['json', { payload: encoder.encode('{ "b": 1e2,  "a": 12345678901234567890, "a": "\\u0000" }') }],
    ['unicode', { orderingKey: 'Grüße 東京 🚚 e\u0301', headers: { note: 'naïve ☕ 👩‍👩‍👧 \u202E' } }],
    [
      'quotes',
      { orderingKey: `it's "100%" \\ ? $1 :name --`, headers: { sql: `'; DROP TABLE x; --`, lines: 'a\r\nb\tc' } },
    ],
    [
      'headers',
      { headers: { constructor: 'x', 'x-empty': '', 'x-space': '  both ends  ', 'x-long': 'v'.repeat(4000) } },
    ],
    ['long', { orderingKey: 'k'.repeat(255), id: 'i'.repeat(255), type: 't'.repeat(200) }],
    [
      'null',
      { orderingKey: 'null', aggregateType: 'undefined', aggregateId: '0', headers: { zero: '0', no: 'false' } },
    ],
    ['numbers', { sequence: 0, schemaVersion: 2_147_483_647, createdAt: 1_700_000_000_001 }],
    ['big', { sequence: Number.MAX_SAFE_INTEGER, schemaVersion: 2, createdAt: 0 }],
    ['context', contextFields],
  ]
  return awkward.map(([label, fields]) => sample(label, { topic, ...fields }))
}

const contextFields: Partial<OutboxMessage> = {
  aggregateType: 'order',
  aggregateId: 'A-1/ü',
  orderingKey: 'order:A-1/ü',
  correlationId: 'cörrelation 1',
  causationId: 'causation-1',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  tracestate: 'vendor=a:b;c,other=1',
}

/** A message as plain data that can be compared: bytes as hex, headers by name, absent fields left out. */
export function comparable(message: Message): Readonly<Record<string, unknown>> {
  const { payload, headers, ...rest } = message
  const fields = Object.entries({ ...rest, ...{ availableAt: undefined, delayMs: undefined } })
  return Object.fromEntries(
    [
      ...fields.filter(([, value]) => value !== undefined),
      ['payload', Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('hex')],
      ['headers', Object.entries(headers).toSorted()],
    ].toSorted(),
  )
}
