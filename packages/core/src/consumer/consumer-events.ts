import type { DeliverySource, InboxDeadReason, Message } from '../contracts/index.ts'

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
  /** The message was given up and is kept as a dead letter, in the inbox or at the publisher of the dead letters. */
  readonly dead: DeadDelivery
  /** The message was given up and goes where the broker puts dead letters, or away. */
  readonly reject: DeadDelivery
  /** What works and is dangerous. Without a listener it goes to stderr. */
  readonly warning: string
  /** Something went wrong; also every failed attempt and every message that was given up. */
  readonly error: Error
}

export interface DeadDelivery {
  /** Absent if it is not a message of ours. */
  readonly message: Message | undefined
  readonly source: DeliverySource
  readonly reason: InboxDeadReason
  readonly error: Error
}

/** Names that no message type can have, because `on` listens to events by them. */
export const eventNames: readonly string[] = [
  'processed',
  'duplicate',
  'retry',
  'dead',
  'reject',
  'warning',
  'error',
] satisfies (keyof ConsumerEvents)[]
