import type { MessageTypes } from '../catalogue/define-messages.ts'
import type { Message } from '../contracts/index.ts'
import type { OutboxScope } from '../outbox/outbox-types.ts'

/** A message as its handler gets it: with the payload that the schema made of the bytes. */
export type ConsumedMessage<Payload> = Omit<Message, 'payload'> & { readonly payload: Payload }

/** The consumer's outbox, bound to the handler's transaction. */
export type HandlerOutbox<Outgoing extends MessageTypes> = Pick<
  OutboxScope<unknown, Outgoing>,
  'enqueue' | 'enqueueMany'
>

export interface HandlerContext<Tx, Outgoing extends MessageTypes = never> {
  /** Writes made through it take effect once, together with the receipt. It ends with the handler. */
  readonly tx: Tx
  /**
   * Enqueues in the handler's transaction. Messages carry on the correlation id of the handled one (its id, if it has none) and
   * name it as their cause. Relays of this process look for them right after the commit. `undefined` if the consumer has no
   * `outbox`.
   */
  readonly outbox: [Outgoing] extends [never] ? undefined : HandlerOutbox<Outgoing>
  /**
   * Fires when the result is no longer wanted: the handler took too long, the message was given to somebody else, or the
   * consumer is shutting down. The transaction is then rolled back, whatever the handler does.
   */
  readonly signal: AbortSignal
  /** 1 for the first. Counted in this process: a message that moves to another one starts again, and so does a redrive. */
  readonly attempt: number
}

/**
 * Applies one message. What it rejects with decides what follows: a `PermanentError`, or another Waybill error that is not
 * retryable, makes it a dead letter at once; anything else is tried again.
 */
export type Handler<Tx, Payload, Outgoing extends MessageTypes = never> = (
  message: ConsumedMessage<Payload>,
  context: HandlerContext<Tx, Outgoing>,
) => unknown

/**
 * Goes around every handler, inside its transaction, for logging, tracing, metrics or tenancy. Not called for duplicates.
 *
 * What it rejects with is the handler's failure. One that resolves without having called `next` has handled the message itself:
 * its receipt is committed.
 */
export type Middleware<Tx, Outgoing extends MessageTypes = never> = (
  message: ConsumedMessage<unknown>,
  context: HandlerContext<Tx, Outgoing>,
  next: () => Promise<void>,
) => unknown

/** One handler of a handler and what goes around it; the first is the outermost. */
export function wrapHandler<Tx>(
  handler: Handler<Tx, never>,
  middleware: readonly Middleware<Tx>[],
): Handler<Tx, unknown> {
  const innermost: Handler<Tx, unknown> = (message, context) => handler(message as never, context)
  return middleware.reduceRight<Handler<Tx, unknown>>(
    (inner, outer) => (message, context) =>
      outer(message, context, async () => {
        await inner(message, context)
      }),
    innermost,
  )
}
