import type { AnyMessages, MessageTypes } from '../catalogue/define-messages.ts'
import { ConfigurationError, type OutboxMessage, type TransactionRunner } from '../contracts/index.ts'
import { type Listener, TypedEvents } from '../events/typed-events.ts'
import { systemRuntime } from '../runtime/system-runtime.ts'
import { jsonSerializer } from '../serializer/json-serializer.ts'
import { checkCatalogue, checkOptions, checkSpecification, given } from '../settings/check-options.ts'
import {
  type ComposedMessage,
  type Composer,
  composeMessage,
  composeMessageSync,
  composeMessages,
} from './compose-message.ts'
import { DirectMode } from './direct-mode.ts'
import type {
  ComposeArgument,
  EnqueuedMessage,
  EnqueueItem,
  OptionsArgument,
  OutboxEvents,
  OutboxOptions,
  OutboxScope,
  OutboxTarget,
  TransactionArgument,
  WithinOptions,
} from './outbox-types.ts'
import { runInScope } from './run-in-scope.ts'
import { wakeRelays } from './wakeups.ts'
import { writeMessages } from './write-messages.ts'

/**
 * Writes messages in the transactions of the application, where a relay finds them once they are committed.
 *
 * Stateless: one instance serves any number of concurrent transactions. A call that rejects has written nothing.
 *
 * @typeParam Tx - Open transactions of the storage.
 * @typeParam Types - The messages of the catalogue.
 * @typeParam RunnerTx - Transactions that {@link transaction} opens; `unknown` without a runner.
 * @typeParam SyncTx - Transactions that {@link enqueueSync} takes; `never` if the storage is asynchronous only.
 * @example
 * ```ts
 * const outbox = new Outbox({ storage, messages })
 * await outbox.enqueue(tx, 'order.placed', { orderId: order.id, total: order.total })
 * ```
 */
export class Outbox<Tx, Types extends MessageTypes = AnyMessages, RunnerTx = unknown, SyncTx = never> {
  // SyncTx and RunnerTx are erased, so that an outbox that can do more may be used where one that can do less is asked for.
  readonly #storage: OutboxTarget<Tx, never, unknown>
  readonly #runner: Partial<TransactionRunner<unknown>>
  readonly #composer: Composer
  readonly #events = new TypedEvents<OutboxEvents>('Waybill outbox')
  readonly #direct: DirectMode | undefined

  /** @throws {@link ConfigurationError} with all problems at once, `SpecificationError`. */
  constructor(options: OutboxOptions<Tx, Types, RunnerTx, SyncTx>) {
    const {
      storage,
      messages,
      serializer = jsonSerializer,
      maxMessageBytes = 900_000,
      traceContext,
      runner,
      runtime,
    } = given(options)
    checkOptions('Outbox', (check) => {
      const insert: unknown = storage?.insert
      check.that(typeof insert === 'function', { option: 'storage', value: storage, rule: 'must be an OutboxWriter' })
      checkCatalogue(check, messages)
      check.integer('maxMessageBytes', maxMessageBytes, 1)
    })
    checkSpecification(storage)
    this.#direct = DirectMode.of(given(options), this.#events)
    this.#storage = storage
    this.#runner = runner ?? storage
    this.#composer = { messages, serializer, maxMessageBytes, traceContext, runtime: runtime ?? systemRuntime }
  }

  /** How messages leave: by a relay, or directly and without the guarantee. */
  get mode(): 'outbox' | 'direct' {
    return this.#direct === undefined ? 'outbox' : 'direct'
  }

  /** Listens to an event; answers how to stop that. */
  on<Name extends keyof OutboxEvents>(name: Name, listener: Listener<OutboxEvents[Name]>): () => void {
    return this.#events.on(name, listener)
  }

  /**
   * Writes one message in the caller's transaction.
   *
   * @throws `MessageError` before anything is written; `StorageError` and `TransactionError` from the storage, after which
   *   the transaction is the caller's to roll back.
   */
  async enqueue<Type extends keyof Types & string>(
    tx: Tx,
    type: Type,
    payload: Types[Type]['input'],
    ...[options = {}]: OptionsArgument<Types>
  ): Promise<EnqueuedMessage> {
    const message = await composeMessage(this.#composer, { type, payload, options })
    await this.#write(tx, [{ message, lockKey: options.lockKey }])
    wakeRelays(this.#storage, 'maybe-soon')
    return { id: message.id }
  }

  /**
   * Makes a message without writing it, for storages that give out the statement of their insert (`insertQuery`). Relays of
   * this process are told to look for it soon.
   *
   * @throws `MessageError`.
   */
  async compose<Type extends keyof Types & string>(
    type: Type,
    payload: Types[Type]['input'],
    ...[options = {}]: ComposeArgument<Types>
  ): Promise<OutboxMessage> {
    const message = await composeMessage(this.#composer, { type, payload, options })
    wakeRelays(this.#storage, 'maybe-soon')
    return message
  }

  /** As {@link enqueue}, for many messages in one statement, all or none of them. Answers in their order. */
  async enqueueMany(tx: Tx, messages: readonly EnqueueItem<Types>[]): Promise<readonly EnqueuedMessage[]> {
    const composed = await composeMessages(this.#composer, messages)
    await this.#write(tx, composed)
    wakeRelays(this.#storage, 'maybe-soon')
    return composed.map(({ message }) => ({ id: message.id }))
  }

  /**
   * As {@link enqueue}, for drivers whose calls are synchronous: it throws inside the caller's transaction.
   *
   * @throws {@link ConfigurationError} if the schema of the type is asynchronous.
   */
  enqueueSync<Type extends keyof Types & string>(
    tx: SyncTx,
    type: Type,
    payload: Types[Type]['input'],
    ...[options = {}]: OptionsArgument<Types>
  ): EnqueuedMessage {
    if (this.#storage.insertSync === undefined) {
      const rule = 'must have insertSync: this one is asynchronous, use enqueue'
      throw new ConfigurationError('Outbox.enqueueSync', [{ option: 'storage', value: this.#storage.name, rule }])
    }
    if (options.lockKey) {
      const rule = 'is for asynchronous storages: a synchronous one has one writer at a time'
      throw new ConfigurationError('Outbox.enqueueSync', [{ option: 'lockKey', value: true, rule }])
    }
    const message = composeMessageSync(this.#composer, { type, payload, options })
    if (this.#direct === undefined) this.#storage.insertSync(tx as never, [message])
    else this.#direct.keep(tx, [message])
    wakeRelays(this.#storage, 'maybe-soon')
    return { id: message.id }
  }

  /**
   * Runs `work` in a transaction of its own, and wakes the relays of this process once it has committed. `work` must await
   * every `enqueue`: one that comes after its end is refused.
   *
   * @throws What `work` throws, after the rollback.
   */
  async transaction<T>(
    work: (scope: OutboxScope<RunnerTx, Types>) => Promise<T>,
    ...[options]: TransactionArgument<RunnerTx>
  ): Promise<T> {
    if (this.#runner.transaction === undefined) {
      const rule = 'is needed, because the storage opens no transactions'
      throw new ConfigurationError('Outbox.transaction', [{ option: 'runner', value: undefined, rule }])
    }
    let opened: (RunnerTx & Tx) | undefined
    let written = false
    const onEnqueued = () => {
      written = true
    }
    try {
      const result = await this.#runner.transaction(async (erased) => {
        opened = erased as RunnerTx & Tx
        return await this.within(opened, work, { onEnqueued })
      }, options)
      if (written && opened !== undefined) await this.committed(opened)
      return result
    } finally {
      if (opened !== undefined) this.rolledBack(opened)
    }
  }

  /**
   * Runs `work` as {@link transaction} does, in a transaction that the caller has opened. Call {@link committed} when it has
   * committed, {@link rolledBack} if it has not.
   */
  async within<T, OwnTx extends Tx>(
    tx: OwnTx,
    work: (scope: OutboxScope<OwnTx, Types>) => Promise<T>,
    { cause, onEnqueued }: WithinOptions = {},
  ): Promise<T> {
    const inherited = cause && { correlationId: cause.correlationId ?? cause.id, causationId: cause.id }
    const insert = async (messages: readonly ComposedMessage[]) => {
      await this.#write(tx, messages)
      onEnqueued?.()
    }
    return await runInScope(tx, { ...this.#composer, ...(inherited && { inherited }) }, insert, work)
  }

  /**
   * Tells that the caller's own transaction has committed: relays of this process look at once instead of soon. In direct mode
   * this is what publishes, and it resolves when the broker has answered; what the broker did not take is an event, not a
   * rejection.
   */
  async committed(tx: Tx): Promise<void> {
    if (this.#direct === undefined) wakeRelays(this.#storage, 'committed')
    else await this.#direct.publish(tx)
  }

  /**
   * Tells that the caller's own transaction has rolled back. Needed in direct mode where handles are used again, as the
   * client of a pool is: what was enqueued would else be published with the next transaction of the handle.
   */
  rolledBack(tx: Tx): void {
    this.#direct?.forget(tx)
  }

  async #write(tx: Tx, messages: readonly ComposedMessage[]): Promise<void> {
    if (this.#direct === undefined) return await writeMessages(this.#storage, tx, messages)
    const kept = messages.map(({ message }) => message)
    this.#direct.keep(tx, kept)
  }
}
