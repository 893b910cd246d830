import { decodePayload } from '../catalogue/decode-payload.ts'
import { HandlerError, type Message } from '../contracts/index.ts'
import type { GuardOutcome, Inbox } from '../inbox/inbox.ts'
import { type LinkedAbort, linkAbort, untilAborted } from './abort.ts'
import type { ResolvedConsumerOptions } from './consumer-options.ts'
import type { Handler } from './handler.ts'

export interface AttemptInput<Tx> {
  readonly message: Message
  readonly handler: Handler<Tx, never>
  readonly attempt: number
  /** Fires when the result is no longer wanted. */
  readonly signal: AbortSignal
}

/**
 * Handles a message once: receipt, handler and commit in one transaction, or nothing of it.
 *
 * @throws What went wrong, after the rollback; the signal's reason if it fired before the commit began.
 */
export async function attemptMessage<Tx>(
  options: ResolvedConsumerOptions<Tx>,
  inbox: Inbox<Tx>,
  input: AttemptInput<Tx>,
): Promise<GuardOutcome> {
  const { message, handler, attempt } = input
  const abort = linkAbort(input.signal)
  try {
    const payload = await decodePayload(message, options.messages, options.serializer)
    abort.signal.throwIfAborted()
    const work = async (tx: Tx): Promise<GuardOutcome> => {
      const handle = async () => await handler({ ...message, payload } as never, { tx, signal: abort.signal, attempt })
      const outcome = await inbox.guard(tx, message, () => inTime(options, message, abort, handle))
      // A handler that has come to its end all the same must not commit what nobody wants any more.
      abort.signal.throwIfAborted()
      return outcome
    }
    return await options.inbox.transaction(work, { signal: abort.signal })
  } finally {
    abort.unlink()
  }
}

/** Waits for the handler as long as it may run. After that the transaction ends without it. */
async function inTime<Tx>(
  { handlerTimeoutMs, runtime }: ResolvedConsumerOptions<Tx>,
  message: Message,
  abort: LinkedAbort,
  handle: () => Promise<unknown>,
): Promise<void> {
  abort.signal.throwIfAborted()
  const cancel = runtime.setTimeout(() => {
    const text = `The handler of '${message.type}' did not return within ${handlerTimeoutMs} ms on message '${message.id}'`
    abort.abort(new HandlerError('HANDLER_TIMEOUT', text))
  }, handlerTimeoutMs)
  try {
    await untilAborted(handle(), abort.signal)
  } finally {
    cancel()
  }
}
