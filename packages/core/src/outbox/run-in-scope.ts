import type { MessageTypes } from '../catalogue/define-messages.ts'
import { TransactionError } from '../contracts/index.ts'
import { type ComposedMessage, type Composer, composeMessage, composeMessages } from './compose-message.ts'
import type { EnqueuedMessage, OutboxScope } from './outbox-types.ts'

/** Runs `work` with a scope that is closed when it ends: nothing may be written to a transaction that is being committed. */
export async function runInScope<Tx, Types extends MessageTypes, T>(
  tx: Tx,
  composer: Composer,
  insert: (messages: readonly ComposedMessage[]) => Promise<void>,
  work: (scope: OutboxScope<Tx, Types>) => Promise<T>,
): Promise<T> {
  let open = true
  const write = async (messages: readonly ComposedMessage[]): Promise<readonly EnqueuedMessage[]> => {
    if (!open)
      throw new TransactionError('The transaction has ended before the message was written: await every enqueue')
    await insert(messages)
    return messages.map(({ message }) => ({ id: message.id }))
  }
  try {
    return await work({
      tx,
      async enqueue(type, payload, ...[options = {}]) {
        const message = await composeMessage(composer, { type, payload, options })
        await write([{ message, lockKey: options.lockKey }])
        return { id: message.id }
      },
      async enqueueMany(messages) {
        return await write(await composeMessages(composer, messages))
      },
    })
  } finally {
    open = false
  }
}
