import type { DeliverySource, Message } from '../contracts/index.ts'

/** What a consumer reports, by name. */
export interface ConsumerEvents {
  /** A handler has run and its transaction has committed. The message is not acknowledged yet. */
  readonly processed: { readonly message: Message; readonly attempt: number; readonly durationMs: number }
  /** The message had taken effect before: no handler ran. */
  readonly duplicate: { readonly message: Message }
  /** An attempt failed, its transaction was rolled back, and the message is tried again. */
  readonly retry: {
    readonly message: Message
    readonly attempt: number
    /** Whether the attempt counts. It does not when the database could not be used. */
    readonly spendsAttempt: boolean
    readonly delayMs: number
    readonly error: Error
  }
  /** The message will not be tried again and goes where the broker puts dead letters. */
  readonly reject: { readonly message: Message | undefined; readonly source: DeliverySource; readonly error: Error }
  /** Something went wrong; also every failed attempt and every rejected message. */
  readonly error: Error
}

/** Names that no message type can have, because `on` listens to events by them. */
export const eventNames: readonly string[] = [
  'processed',
  'duplicate',
  'retry',
  'reject',
  'error',
] satisfies (keyof ConsumerEvents)[]
