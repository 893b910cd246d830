import {
  type BrokerPublisher,
  type Message,
  orderingScope,
  PublishError,
  type PublisherCapabilities,
  type PublishOptions,
  type PublishOutcome,
} from '@waybill/core/contracts'

/**
 * What becomes of one message: the real publisher gets it (`publish`), and perhaps its answer is lost (`lose-answer`); or
 * something in its place answers. `hang`: nothing is answered before the caller stops to wait.
 */
export type Script =
  | 'publish'
  | 'lose-answer'
  | 'reject'
  | 'refuse'
  | 'topic-unavailable'
  | 'broker-unavailable'
  | 'unknown'
  | 'hang'

/** Asked for each message before it is handed on; `attempt` counts how often it has been asked for this one, from 1. */
export type Decide = (message: Message, attempt: number) => Script

/** The real publisher behind a bad day. What it hands on, it hands on one key at a time as the real one would. */
export class ScriptedPublisher implements BrokerPublisher {
  readonly specificationVersion = 'v1'
  readonly name: string
  readonly capabilities: PublisherCapabilities
  /** Every call, in order. */
  readonly calls: (readonly Message[])[] = []
  decide: Decide
  readonly #inner: BrokerPublisher
  readonly #attempts = new Map<string, number>()

  constructor(
    inner: BrokerPublisher,
    decide: Decide = () => 'publish',
    capabilities: Partial<PublisherCapabilities> = {},
  ) {
    this.#inner = inner
    this.name = inner.name
    this.capabilities = { ...inner.capabilities, ...capabilities }
    this.decide = decide
  }

  /** How often it was handed each message, by id. */
  attemptsOf(message: Pick<Message, 'id'>): number {
    return this.#attempts.get(message.id) ?? 0
  }

  async publish(messages: readonly Message[], options: PublishOptions): Promise<readonly PublishOutcome[]> {
    this.calls.push(messages)
    const scripts = this.#decideAll(messages)
    const handedOn = messages.filter((message) => ['publish', 'lose-answer'].includes(scripts.get(message) ?? ''))
    const answers = handedOn.length > 0 ? await this.#inner.publish(handedOn, options) : []
    if ([...scripts.values()].includes('hang')) await aborted(options.signal)
    return messages.map((message) => {
      const script = scripts.get(message) ?? 'not-sent'
      return script === 'publish' ? (answers[handedOn.indexOf(message)] ?? unknown()) : outcomeOf(script)
    })
  }

  /** The harness closes the real one. */
  async close(): Promise<void> {
    return undefined
  }

  /** A key stops at its first failure, if the publisher says that it is atomic per key. */
  #decideAll(messages: readonly Message[]): ReadonlyMap<Message, Script> {
    const scripts = new Map<Message, Script>()
    const failed = new Set<string>()
    for (const message of messages) {
      const scope = orderingScope(message)
      if (failed.has(scope)) continue
      this.#attempts.set(message.id, this.attemptsOf(message) + 1)
      const script = this.decide(message, this.attemptsOf(message))
      if (script !== 'publish' && this.capabilities.atomicPerKey) failed.add(scope)
      scripts.set(message, script)
    }
    return scripts
  }
}

function outcomeOf(script: Exclude<Script, 'publish'> | 'not-sent'): PublishOutcome {
  switch (script) {
    case 'reject':
      return { type: 'rejected', error: new PublishError('BROKER_REJECTED', 'no, for now'), retryable: true }
    case 'refuse':
      return { type: 'rejected', error: new PublishError('BROKER_REJECTED', 'no, never'), retryable: false }
    case 'topic-unavailable':
      return { type: 'unavailable', scope: 'topic', error: new PublishError('BROKER_UNAVAILABLE', 'no such place') }
    case 'broker-unavailable':
      return { type: 'unavailable', scope: 'broker', error: new PublishError('BROKER_UNAVAILABLE', 'nobody there') }
    case 'not-sent':
      return { type: 'not-sent' }
    case 'lose-answer':
    case 'unknown':
    case 'hang':
      return unknown()
  }
}

function unknown(): PublishOutcome {
  return { type: 'unknown', error: new PublishError('BROKER_UNKNOWN', 'no answer') }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
