import { decodePayload } from '../catalogue/decode-payload.ts'
import { HandlerError, type Message } from '../contracts/index.ts'
import type { GuardOutcome, Inbox } from '../inbox/inbox.ts'
import { type LinkedAbort, linkAbort, untilAborted } from './abort.ts'
import type { ResolvedConsumerOptions } from './consumer-options.ts'
import type { Handler, HandlerContext } from './handler.ts'

export interface AttemptInput<Tx> {
  readonly message: Message
  readonly handler: Handler<Tx, unknown>
  readonly attempt: number
  /** Fires when the result is no longer wanted. */
  readonly signal: AbortSignal
  /** Begins the transaction; `false`: there is nothing to do any more. */
  readonly enter?: (tx: Tx) => Promise<boolean>
  /** Ends the transaction of an attempt whose message is ours. */
  readonly leave?: (tx: Tx) => Promise<void>
  /** Told of the handler once it runs: one that is given up runs on. */
  readonly watch?: (handler: Promise<unknown>) => void
}

/** `gone`: somebody else has it, or had it. */
export type AttemptOutcome = GuardOutcome | 'gone'

/**
 * Handles a message once: receipt, handler and commit in one transaction, or nothing of it.
 *
 * @throws What went wrong, after the rollback; the signal's reason if it fired before the commit began.
 */
export async function attemptMessage<Tx>(
  options: ResolvedConsumerOptions<Tx>,
  inbox: Inbox<Tx>,
  input: AttemptInput<Tx>,
): Promise<AttemptOutcome> {
  const { message } = input
  const abort = linkAbort(input.signal)
  const enqueued = new Set<Tx>()
  const opened = new Set<Tx>()
  try {
    const payload = await decodePayload(message, options.messages, options.serializer)
    abort.signal.throwIfAborted()
    const work = async (tx: Tx): Promise<AttemptOutcome> => {
      opened.add(tx)
      const handle = (context: Pick<HandlerContext<Tx, never>, 'outbox'>) =>
        inTime(options, message, abort, () => {
          const { attempt } = input
          const run = async () =>
            void (await input.handler({ ...message, payload }, { ...context, tx, signal: abort.signal, attempt }))
          const handler = run()
          input.watch?.(handler)
          return handler
        })
      const mine = (await input.enter?.(tx)) ?? true
      const outcome = mine
        ? await inbox.guard(tx, message, () => withOutbox(options, { tx, message, enqueued }, handle))
        : 'gone'
      if (mine) await input.leave?.(tx)
      // A handler that has come to its end all the same must not commit what nobody wants any more.
      abort.signal.throwIfAborted()
      return outcome
    }
    const outcome = await options.inbox.transaction(work, { signal: abort.signal })
    for (const tx of enqueued) await options.outbox?.committed(tx)
    return outcome
  } finally {
    for (const tx of opened) options.outbox?.rolledBack(tx)
    abort.unlink()
  }
}

interface Opened<Tx> {
  readonly tx: Tx
  readonly message: Message
  readonly enqueued: Set<Tx>
}

/** The scope ends with the handler's time: what a handler enqueues that has been given up is refused. */
async function withOutbox<Tx>(
  { outbox }: ResolvedConsumerOptions<Tx>,
  { tx, message, enqueued }: Opened<Tx>,
  handle: (context: Pick<HandlerContext<Tx, never>, 'outbox'>) => Promise<void>,
): Promise<void> {
  if (outbox === undefined) return await handle({ outbox: undefined })
  const onEnqueued = () => void enqueued.add(tx)
  // Whether there is an outbox is known to the type of the consumer alone.
  await outbox.within(tx, (scope) => handle({ outbox: scope as never }), { cause: message, onEnqueued })
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
