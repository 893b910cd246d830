import type { Message } from '../contracts/index.ts'

/** A message as its handler gets it: with the payload that the schema made of the bytes. */
export type ConsumedMessage<Payload> = Omit<Message, 'payload'> & { readonly payload: Payload }

export interface HandlerContext<Tx> {
  /** Writes made through it take effect once, together with the receipt. It ends with the handler. */
  readonly tx: Tx
  /**
   * Fires when the result is no longer wanted: the handler took too long, the message was given to somebody else, or the
   * consumer is shutting down. The transaction is then rolled back, whatever the handler does.
   */
  readonly signal: AbortSignal
  /** 1 for the first. Counted in this process: a message that moves to another one starts again. */
  readonly attempt: number
}

/**
 * Applies one message. What it rejects with decides what follows: a `PermanentError`, or another Waybill error that is not
 * retryable, rejects the message at once; anything else is tried again.
 */
export type Handler<Tx, Payload> = (message: ConsumedMessage<Payload>, context: HandlerContext<Tx>) => unknown
