import {
  type BrokerPublisher,
  type Message,
  orderingScope,
  PublishError,
  type PublishErrorCode,
  type PublishOptions,
  type PublishOutcome,
  type Readiness,
} from '@waybill/core/contracts'
import { type MemoryBroker, memoryBroker } from './memory-broker.ts'
import type { PublishScript } from './publish-script.ts'

export interface MemoryPublisherOptions {
  /** Where messages go. @default a new one */
  readonly broker?: MemoryBroker
  /** `false`: each message stands for itself, and a later one of a key may be accepted without the earlier. @default true */
  readonly atomicPerKey?: boolean
  /** @default 1_048_576 */
  readonly maxMessageBytes?: number
  /** @default 500 */
  readonly maxBatchMessages?: number
  /** Makes the publisher say whether the broker takes messages. @default none: it always does */
  readonly readiness?: Readiness
}

export interface MemoryPublisher extends BrokerPublisher {
  readonly broker: MemoryBroker
  /** What arrived at the broker through this publisher, in that order. */
  readonly published: readonly Message[]
  /** Forgets {@link published}. The broker keeps its log. */
  clear(): void
}

/**
 * Makes a publisher whose messages can be looked at.
 *
 * @example
 * const publisher = memoryPublisher()
 * const relay = new Relay({ storage, publisher })
 * await relay.drain()
 * expect(publisher.published.map((message) => message.type)).toEqual(['order.placed'])
 */
export function memoryPublisher(options: MemoryPublisherOptions = {}): MemoryPublisher {
  const { broker = memoryBroker(), atomicPerKey = true, readiness } = options
  const { maxMessageBytes = 1_048_576, maxBatchMessages = 500 } = options
  const capabilities = { atomicPerKey, maxMessageBytes, maxBatchMessages }
  const state: State = { broker, capabilities, published: [], closed: false }
  const calls = new Set<Promise<unknown>>()
  return {
    specificationVersion: 'v1',
    name: 'memory',
    capabilities,
    ...(readiness === undefined ? {} : { readiness }),
    broker,
    published: state.published,
    clear() {
      state.published.length = 0
    },
    async publish(messages, publishOptions) {
      const call = publishAll(state, messages, publishOptions)
      calls.add(call)
      return call.finally(() => calls.delete(call))
    },
    async close() {
      state.closed = true
      await Promise.allSettled(calls)
    },
  }
}

interface State {
  readonly broker: MemoryBroker
  readonly capabilities: BrokerPublisher['capabilities']
  readonly published: Message[]
  closed: boolean
}

async function publishAll(
  state: State,
  messages: readonly Message[],
  { signal }: PublishOptions,
): Promise<readonly PublishOutcome[]> {
  const failed = new Set<string>()
  const outcomes: PublishOutcome[] = []
  let hangs = false
  for (const message of messages) {
    const scope = orderingScope(message)
    if (state.capabilities.atomicPerKey && failed.has(scope)) {
      outcomes.push({ type: 'not-sent' })
      continue
    }
    // Without a script nothing is awaited: a batch arrives at once.
    const script = scriptOf(state, message)
    const decided = script instanceof Promise ? await untilAborted(script, signal) : script
    const outcome = carryOut(state, message, decided)
    if (outcome.type !== 'accepted') failed.add(scope)
    hangs ||= decided.type === 'hang'
    outcomes.push(outcome)
  }
  if (hangs) await aborted(signal)
  return outcomes
}

function scriptOf({ broker, closed }: State, message: Message): PublishScript | Promise<PublishScript> {
  if (closed) return { type: 'unavailable', scope: 'broker' }
  return broker.onPublish?.(message) ?? { type: 'accept' }
}

function carryOut(state: State, message: Message, script: PublishScript): PublishOutcome {
  if (bytesOf(message) > state.capabilities.maxMessageBytes) {
    return { type: 'rejected', error: failure('PAYLOAD_TOO_LARGE', 'The message is too large'), retryable: false }
  }
  switch (script.type) {
    case 'accept':
      arrive(state, message)
      return { type: 'accepted' }
    case 'reject':
      return { type: 'rejected', error: failure('BROKER_REJECTED', 'No'), retryable: script.retryable ?? true }
    case 'unavailable':
      return { type: 'unavailable', scope: script.scope, error: failure('BROKER_UNAVAILABLE', 'Out of reach') }
    case 'lose-reply':
      arrive(state, message)
      break
    case 'arrive-late':
      state.broker.timer(() => arrive(state, message), script.delayMs)
      break
    case 'hang':
    case 'lose':
      break
  }
  return { type: 'unknown', error: failure('BROKER_UNKNOWN', 'No answer') }
}

function arrive({ broker, published }: State, message: Message): void {
  broker.append(message)
  published.push(message)
}

function failure(code: PublishErrorCode, message: string): PublishError {
  return new PublishError(code, `${message} (memory broker)`)
}

function bytesOf(message: Message): number {
  let bytes = message.payload.byteLength
  for (const [name, value] of Object.entries(message.headers)) bytes += utf8.encode(name + value).byteLength
  return bytes
}

const utf8 = new TextEncoder()

/** What the script says, or that there is no answer once the caller no longer waits. */
function untilAborted(script: Promise<PublishScript>, signal: AbortSignal): Promise<PublishScript> {
  return Promise.race([script, aborted(signal).then((): PublishScript => ({ type: 'hang' }))])
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  else signal.addEventListener('abort', () => resolve(), { once: true })
  return promise
}
