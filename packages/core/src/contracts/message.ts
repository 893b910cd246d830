/**
 * What travels: the same facts at the producer, in the outbox, at the broker and at the consumer.
 *
 * A message is made once, at enqueue. Its `id` is never made again: relays, retries, redrives and duplicates all carry
 * the same one, and the consumer's inbox recognises a duplicate by it.
 */
export interface Message {
  /** UUIDv7 by default; any non-empty string of at most 255 characters. Compared byte for byte. */
  readonly id: string
  /** Destination within the broker, and the unit of an outage: a dead topic stops no other topic. */
  readonly topic: string
  /** Name of the message in the catalogue, for example `order.placed`. */
  readonly type: string
  /** The bytes that the producer serialised. No storage or broker may change them. */
  readonly payload: Uint8Array
  /** Media type of {@link payload}; `application/json` by default. */
  readonly contentType: string
  /** The user's own headers. Names are lower-case tokens, values are any text without NUL or lone surrogates. */
  readonly headers: Readonly<Record<string, string>>
  /** Messages of one topic with the same ordering key keep their order. Absent: the message is its own key. */
  readonly orderingKey?: string
  /** Kind of the entity that the message speaks of, for example `order`. */
  readonly aggregateType?: string
  /** Identity of the entity that the message speaks of. */
  readonly aggregateId?: string
  /** The producer's own number of this message within its aggregate. Waybill stores it and never interprets it. */
  readonly sequence?: number
  /** Version of the schema of {@link payload}; 1 unless the catalogue says otherwise. */
  readonly schemaVersion: number
  /** Ties together all messages of one business process. */
  readonly correlationId?: string
  /** Id of the message (or command) that caused this one. */
  readonly causationId?: string
  /** W3C trace context, captured at enqueue. */
  readonly traceparent?: string
  /** W3C trace state, captured at enqueue. */
  readonly tracestate?: string
  /** When it was enqueued, in milliseconds since the epoch by the producer's clock. Information only: nothing is decided by it. */
  readonly createdAt: number
}

/** A message with its terms of delivery, as it stands in the outbox. */
export interface OutboxMessage extends Message {
  /**
   * Earliest time of publication, in milliseconds since the epoch, judged by the database's clock. The message takes its
   * place in its key when it becomes due and holds nothing back before.
   */
  readonly availableAt?: number
  /** As {@link availableAt}, but relative: milliseconds from the insert, by the database's clock. Never both. */
  readonly delayMs?: number
  /** After this time (milliseconds since the epoch, database's clock) the message ends DEAD, unpublished. */
  readonly expiresAt?: number
  /** Overrides the relay's `maxAttempts` for this message. */
  readonly maxAttempts?: number
}

/**
 * What order is kept within: messages of one topic with one ordering key. A message without an ordering key is its own
 * key. Every part of Waybill uses this function or its SQL equivalent.
 *
 * The separator is NUL, which neither a topic nor a key can contain.
 */
export function orderingScope(message: Pick<Message, 'topic' | 'orderingKey' | 'id'>): string {
  return `${message.topic}\u0000${message.orderingKey ?? message.id}`
}
