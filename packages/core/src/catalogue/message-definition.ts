import type { SchemaOutput, StandardSchema } from './standard-schema.ts'

/** One type of message: where it goes, what it holds, and what is derived from that. */
export interface MessageDefinition<Schema extends StandardSchema = StandardSchema> {
  readonly topic: string
  /**
   * Any Standard Schema. Its input is what producers give, its output what consumers get. It is applied to the payload as it
   * comes back from the serializer, at the producer as at the consumer, so that what was enqueued can be consumed.
   */
  readonly schema: Schema
  /** Ordering key of a message, from the schema's output. Absent: see `EnqueueOptions.orderingKey`. */
  key?(payload: SchemaOutput<Schema>): string
  /** The entity that the message speaks of, from the schema's output. */
  aggregate?(payload: SchemaOutput<Schema>): { readonly type: string; readonly id: string }
  /** Headers of every message of this type. */
  readonly headers?: Readonly<Record<string, string>>
  /** Version of {@link schema}; raise it with every change that old payloads do not satisfy. @default 1 */
  readonly schemaVersion?: number
  /**
   * How to read old payloads: `upcast[n]` makes a payload of version n + 1 of one of version n. Without gaps up to
   * {@link schemaVersion}; what is older than the oldest is refused. Gets what the serializer read, unchecked.
   */
  readonly upcast?: Readonly<Record<number, Upcaster>>
}

/** Annotate the parameter with the old shape; it is `unknown` otherwise. */
export type Upcaster = {
  // A method, because only those accept a parameter that is declared narrower.
  upcast(old: unknown): unknown
}['upcast']
