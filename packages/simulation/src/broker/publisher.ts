import {
  type BrokerPublisher,
  type Message,
  PublishError,
  type PublishOptions,
  type PublishOutcome,
} from '@waybill/core/contracts'
import type { History } from '../history/history.ts'
import type { Actor } from '../scheduler/actor.ts'
import type { Fates } from './fates.ts'
import type { Answer, BrokerServer } from './server.ts'

export interface PublisherOptions {
  readonly actor: Actor
  readonly server: BrokerServer
  readonly fates: Fates
  readonly history: History
  readonly atomicPerKey: boolean
  /** This process cannot reach the broker now. */
  readonly isCutOff: () => boolean
  /** Called at the start of each call, before anything is sent. */
  readonly onStart: (messages: readonly Message[]) => void
  /** The process dies of one of these messages. */
  readonly explode: () => void
}

/** What a client may throw that keeps to nothing. */
export class BrokenClient extends Error {}

/** The broker's client in one relay process. */
export function simulatedPublisher(options: PublisherOptions): BrokerPublisher {
  const { actor, atomicPerKey } = options
  return {
    specificationVersion: 'v1',
    name: `broker of ${actor.name}`,
    capabilities: { atomicPerKey, maxMessageBytes: 1000, maxBatchMessages: 8 },
    publish: (messages, { signal }) => publish(options, messages, signal),
    async close() {
      await actor.step('closes its publisher')
    },
  }
}

async function publish(
  options: PublisherOptions,
  messages: readonly Message[],
  signal: PublishOptions['signal'],
): Promise<readonly PublishOutcome[]> {
  const { actor, history } = options
  if (!actor.alive) return await new Promise(() => undefined)
  options.onStart(messages)
  const call = new SpentAttempts(history, messages, signal)
  await actor.step(`publishes ${messages.map(({ id }) => id).join(' ')}`)
  const isBomb = messages.some(({ id }) => history.messages.get(id)?.nature === 'bomb')
  if (isBomb) return await dieOf(options, messages)
  if (options.isCutOff()) return messages.map(brokerUnavailable)
  const outcomes = await answerOf(options, await send(options, messages))
  call.answered(outcomes ?? [])
  if (outcomes === null) throw new BrokenClient('The client broke')
  return outcomes
}

/** Before anything of the call has left the process, or after some of it has. */
async function dieOf(options: PublisherOptions, messages: readonly Message[]): Promise<never> {
  const { actor, history } = options
  if (actor.runtime.random() < 0.5) {
    const harmless = messages.filter(({ id }) => history.messages.get(id)?.nature !== 'bomb')
    if (harmless.length > 0) void send(options, harmlessPrefix(messages, harmless))
  }
  options.explode()
  return await new Promise(() => undefined)
}

/** What had been sent of each key before its bomb. */
function harmlessPrefix(messages: readonly Message[], harmless: readonly Message[]): readonly Message[] {
  const stopped = new Set<string>()
  return messages.filter((message) => {
    const key = `${message.topic}\u0000${message.orderingKey ?? message.id}`
    if (!harmless.includes(message)) stopped.add(key)
    return !stopped.has(key)
  })
}

function send({ actor, server, atomicPerKey }: PublisherOptions, messages: readonly Message[]): Promise<Answer> {
  return server.receive({ messages, from: actor.name, atomicPerKey })
}

/** `null`: the client throws instead of answering. */
async function answerOf({ actor, fates }: PublisherOptions, answer: Answer): Promise<readonly PublishOutcome[] | null> {
  const fault = fates.ofCall()
  const answered = answer.filter((outcome) => outcome !== null)
  if (answered.length < answer.length || fault === 'no-answer') return await new Promise(() => undefined)
  await actor.step('hears from the broker')
  if (fault === 'throws') return null
  return fault === 'too-few' ? answered.slice(1) : answered
}

function brokerUnavailable(): PublishOutcome {
  return {
    type: 'unavailable',
    scope: 'broker',
    error: new PublishError('BROKER_UNAVAILABLE', 'No route to the broker'),
  }
}

/** Keeps count of what may spend an attempt: a rejection, an unknown outcome, and a call that was given up. */
class SpentAttempts {
  readonly #history: History
  readonly #messages: readonly Message[]
  #open = true

  constructor(history: History, messages: readonly Message[], signal: AbortSignal) {
    this.#history = history
    this.#messages = messages
    signal.addEventListener('abort', () => this.#spendAll(), { once: true })
  }

  answered(outcomes: readonly PublishOutcome[]): void {
    if (outcomes.length !== this.#messages.length) this.#spendAll()
    if (!this.#open) return
    this.#open = false
    outcomes.forEach(({ type }, index) => {
      if (type === 'rejected' || type === 'unknown') this.#spend(index)
    })
  }

  #spendAll(): void {
    if (!this.#open) return
    this.#open = false
    for (const index of this.#messages.keys()) this.#spend(index)
  }

  #spend(index: number): void {
    const message = this.#history.messages.get(this.#messages[index]?.id ?? '')
    if (message !== undefined) message.failures++
  }
}
