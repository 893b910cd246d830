import { type InboxStorage, type Message, MessageError, type Receipt, type ReceiptOutcome } from '../contracts/index.ts'
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
   * If the message speaks of a row that cannot be read yet (it was heard of by another way than the outbox, or the read goes to
   * a replica), let `work` reject, roll back and leave the message to the broker's redelivery: the receipt is gone, and the
   * next delivery is as new. In a `Consumer`, throw: `retry`, and after it `redriveAfter`, say how long to wait for the row.
   *
   * @throws What `work` throws; `StorageError`; `MessageError` `INVALID_MESSAGE` if there is no usable key.
   */
  async guard(tx: Tx, message: Message, work: () => unknown): Promise<GuardOutcome> {
    const [outcome] = await this.#storage.record(tx, [this.receiptOf(message)])
    if (outcome === 'duplicate') return 'duplicate'
    await work()
    return 'processed'
  }

  /**
   * As {@link guard}, for many messages in one transaction: receipts in one statement, then `work` once, with those that are
   * new, in their order; not at all if there are none. Outcomes align by index.
   *
   * If `work` rejects, roll back and try the messages one by one: that finds the one that is to blame.
   */
  async guardMany(
    tx: Tx,
    messages: readonly Message[],
    work: (fresh: readonly Message[]) => unknown,
  ): Promise<readonly GuardOutcome[]> {
    if (messages.length === 0) return []
    const outcomes: readonly ReceiptOutcome[] = await this.#storage.record(
      tx,
      messages.map((message) => this.receiptOf(message)),
    )
    const fresh = messages.filter((_, index) => outcomes[index] === 'recorded')
    if (fresh.length > 0) await work(fresh)
    return outcomes.map((outcome) => (outcome === 'recorded' ? 'processed' : 'duplicate'))
  }

  /** The receipt that a message has or will have. @throws `MessageError` `INVALID_MESSAGE` if there is no usable key. */
  receiptOf(message: Message): Receipt {
    const key: unknown = this.#dedupKey(message)
    if (typeof key === 'string' && key !== '') return { consumer: this.#consumer, key }
    throw new MessageError('INVALID_MESSAGE', 'dedupKey must answer a non-empty string', { path: 'id' })
  }
}
