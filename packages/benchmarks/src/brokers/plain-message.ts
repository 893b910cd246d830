import type { OutboxMessage } from '@waybill/core/contracts'

/** What somebody's own loop knows of a message. */
export interface PlainMessage {
  readonly id: string
  readonly type: string
  readonly key: string
  readonly payload: Buffer
  /** Milliseconds since the epoch. */
  readonly createdAt: string
}

const contentType = 'application/json'

type HeaderName = 'waybill-id' | 'waybill-type' | 'content-type' | 'waybill-schema-version' | 'waybill-created-at'

/** Everybody sends the same headers, so that brokers and clients have the same to do for all contestants. */
export function headersOf({ id, type, createdAt }: PlainMessage): Record<HeaderName, string> {
  return {
    'waybill-id': id,
    'waybill-type': type,
    'content-type': contentType,
    'waybill-schema-version': '1',
    'waybill-created-at': createdAt,
  }
}

const note = 'x'.repeat(320)
const createdAt = 1_760_000_000_000

/** As the rows of the outboxes have them. */
export function plainMessages(count: number, keys: number): readonly PlainMessage[] {
  return Array.from({ length: count }, (_, number) => ({
    id: `01990000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`,
    type: 'order.placed',
    key: `order-${number % keys}`,
    payload: Buffer.from(JSON.stringify({ orderId: number, note })),
    createdAt: String(createdAt + number),
  }))
}

/** The same for a publisher of Waybill. */
export function outboxMessages(messages: readonly PlainMessage[]): readonly OutboxMessage[] {
  return messages.map((message) => ({
    id: message.id,
    topic: 'orders',
    type: message.type,
    payload: message.payload,
    contentType,
    headers: {},
    orderingKey: message.key,
    schemaVersion: 1,
    createdAt: Number(message.createdAt),
  }))
}
