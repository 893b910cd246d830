import { type InboxStorage, type Message, MessageError } from '../contracts/index.ts'
import { checkOptions, checkSpecification, given } from '../settings/check-options.ts'

export interface InboxOptions<Tx> {
  readonly inbox: InboxStorage<Tx>
  /** Name of the consumer. Each consumer has receipts of its own: renaming one makes everything new to it. */
  readonly consumer: string
  /**
   * What makes two messages the same, for example `aggregate:sequence:type` when producers may enqueue an event twice.
   *
   * @default the message's id
   */
  readonly dedupKey?: (message: Message) => string
}

/** `duplicate`: this consumer has handled the message before, and `work` was not called. */
export type GuardOutcome = 'processed' | 'duplicate'

/** Lets each message take effect once: for loops of your own. `Consumer` does this for you. */
export class Inbox<Tx> {
  readonly #storage: InboxStorage<Tx>
  readonly #consumer: string
  readonly #dedupKey: (message: Message) => string

  /** @throws `ConfigurationError`, `SpecificationError`. */
  constructor(options: InboxOptions<Tx>) {
    const { inbox, consumer, dedupKey = ({ id }: Message) => id } = given(options)
    checkOptions('Inbox', (check) => {
      const record: unknown = inbox?.record
      check.that(typeof record === 'function', { option: 'inbox', value: inbox, rule: 'must be an InboxStorage' })
      const named = typeof consumer === 'string' && consumer !== '' && consumer.length <= 255
      check.that(named, { option: 'consumer', value: consumer, rule: 'must be a name of at most 255 characters' })
    })
    checkSpecification(inbox)
    this.#storage = inbox
    this.#consumer = consumer
    this.#dedupKey = dedupKey
  }

  /**
   * Records that the message has been handled, then does `work`, both in the caller's transaction: commit it, and only then
   * acknowledge the message. If `work` rejects, roll back: the receipt goes with it.
   *
   * Where another transaction is handling the same message, this waits for its end.
   *
   * @throws What `work` throws; `StorageError`; `MessageError` `INVALID_MESSAGE` if there is no usable key.
   */
  async guard(tx: Tx, message: Message, work: () => unknown): Promise<GuardOutcome> {
    const key: unknown = this.#dedupKey(message)
    if (typeof key !== 'string' || key === '') {
      throw new MessageError('INVALID_MESSAGE', 'dedupKey must answer a non-empty string', { path: 'id' })
    }
    const [outcome] = await this.#storage.record(tx, [{ consumer: this.#consumer, key }])
    if (outcome === 'duplicate') return 'duplicate'
    await work()
    return 'processed'
  }
}
