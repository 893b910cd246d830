import {
  type BrokerPublisher,
  ConfigurationError,
  type OutboxMessage,
  type PublishOutcome,
} from '../contracts/index.ts'
import type { TypedEvents } from '../events/typed-events.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { systemRuntime } from '../runtime/system-runtime.ts'
import { checkOptions, checkSpecification } from '../settings/check-options.ts'
import { type Environment, settingsFromEnvironment } from '../settings/environment.ts'
import type { OutboxEvents } from './outbox-types.ts'
import { SerialPublisher } from './serial-publisher.ts'

interface DirectModeOptions {
  readonly mode?: 'outbox' | 'direct'
  readonly publisher?: BrokerPublisher
  readonly publishTimeoutMs?: number
  readonly environment?: Environment
  readonly runtime?: Runtime
}

const warning =
  'The outbox is in direct mode: a message is published after its commit by this process alone, and lost if that fails'

/** Keeps messages by the transaction that they belong to, and publishes them when it has committed. */
export class DirectMode {
  readonly #publisher: SerialPublisher
  readonly #events: TypedEvents<OutboxEvents>
  readonly #kept = new WeakMap<object, OutboxMessage[]>()
  #warned = false

  private constructor(publisher: SerialPublisher, events: TypedEvents<OutboxEvents>) {
    this.#publisher = publisher
    this.#events = events
  }

  /** Answers `undefined` if the options and the environment ask for an outbox. @throws {@link ConfigurationError}. */
  static of(options: DirectModeOptions, events: TypedEvents<OutboxEvents>): DirectMode | undefined {
    const { publisher, publishTimeoutMs: timeoutMs = 10_000, runtime = systemRuntime } = options
    const mode = checkOptions('Outbox', (check) => {
      const environment = options.environment ?? globalThis.process?.env ?? {}
      // An outbox that has nobody to publish by goes on as one.
      const { outboxEnabled } = publisher === undefined ? {} : settingsFromEnvironment(environment, check)
      const resolved = options.mode ?? (outboxEnabled === false ? 'direct' : 'outbox')
      const rule = "must be 'outbox' or 'direct'"
      check.that(resolved === 'outbox' || resolved === 'direct', { option: 'mode', value: resolved, rule })
      const holds = resolved !== 'direct' || typeof publisher?.publish === 'function'
      check.that(holds, {
        option: 'publisher',
        value: publisher,
        rule: "must be a BrokerPublisher, for mode is 'direct'",
      })
      check.integer('publishTimeoutMs', timeoutMs, 1)
      return resolved
    })
    if (mode === 'outbox' || publisher === undefined) return undefined
    checkSpecification(publisher)
    const onError = (error: Error) => events.emit('error', error)
    return new DirectMode(new SerialPublisher({ publisher, timeoutMs, runtime, onError }), events)
  }

  /** @throws {@link ConfigurationError} for what has to wait: nothing would remember it. */
  keep(tx: unknown, messages: readonly OutboxMessage[]): void {
    for (const message of messages) {
      const option = message.delayMs === undefined ? 'availableAt' : 'delayMs'
      if (message[option] === undefined) continue
      const rule = 'needs the outbox: in direct mode nothing remembers a message that waits'
      throw new ConfigurationError('Outbox.enqueue', [{ option, value: message[option], rule }])
    }
    const kept = this.#kept.get(tx as object)
    if (kept === undefined) this.#kept.set(tx as object, [...messages])
    else kept.push(...messages)
  }

  forget(tx: unknown): void {
    this.#kept.delete(tx as object)
  }

  async publish(tx: unknown): Promise<void> {
    const messages = this.#kept.get(tx as object) ?? []
    this.forget(tx)
    if (messages.length === 0) return
    if (!this.#warned) this.#events.emit('warning', warning)
    this.#warned = true
    const outcomes = await this.#publisher.publish(messages)
    for (const [index, message] of messages.entries()) this.#report(message, outcomes[index])
  }

  #report(message: OutboxMessage, outcome: PublishOutcome | undefined): void {
    if (outcome === undefined || outcome.type === 'accepted') return
    const reason = outcome.type === 'not-sent' ? 'an earlier one of its key was not taken' : outcome.error.message
    const text = `'${message.type}' with id '${message.id}' was not published after its commit (${outcome.type}): ${reason}`
    const error = new Error(text, 'error' in outcome ? { cause: outcome.error } : undefined)
    this.#events.emit('error', error)
    this.#events.emit('unpublished', { message, error })
  }
}
