/** What one message has that its type does not say. */
export interface EnqueueOptions {
  /** Must be unique for ever; enqueueing a known one is refused. @default a UUIDv7 */
  readonly id?: string
  /** Added to the headers of the catalogue, and stronger. Names are lower-case tokens. */
  readonly headers?: Readonly<Record<string, string>>
  /** Destination. Required without a catalogue; else in place of the catalogue's. */
  readonly topic?: string
  /**
   * Messages of one topic with the same key keep their order. In place of the catalogue's `key`.
   *
   * @default `aggregateType:aggregateId` if both are given; else the message is its own key
   */
  readonly orderingKey?: string
  readonly aggregateType?: string
  readonly aggregateId?: string
  /** Your own number of the message within its aggregate; carried along, never interpreted. */
  readonly sequence?: number
  /** Publish not before so many milliseconds after the insert, by the database's clock. Not together with `availableAt`. */
  readonly delayMs?: number
  /** Publish not before this time (milliseconds since the epoch if a number), by the database's clock. */
  readonly availableAt?: Date | number
  /** End the message DEAD if it has not been published by this time. */
  readonly expiresAt?: Date | number
  /** Attempts altogether. @default the relay's `maxAttempts` */
  readonly maxAttempts?: number
  readonly correlationId?: string
  readonly causationId?: string
  /**
   * Let other transactions that enqueue for this key with `lockKey` wait until this one has ended. For those who enqueue
   * before they write or lock what the message speaks of; after it, that lock keeps the order already. @default false
   */
  readonly lockKey?: boolean
}

/** W3C trace context of the code that enqueues. */
export interface TraceContext {
  readonly traceparent: string
  readonly tracestate?: string
}
