import { setTimeout as wait } from 'node:timers/promises'
import {
  type BrokerPublisher,
  type Message,
  orderingScope,
  PublishError,
  type PublishOptions,
  type PublishOutcome,
} from '@waybill/core/contracts'
import type { Payload } from '../fates.ts'
import type { Random } from '../random.ts'

export interface Troubles {
  readonly random: Random
  /** Ends this process without a goodbye. */
  die(): void
  /** It dies now and then, whatever it publishes. */
  readonly crashes: boolean
  onUnanswered(ids: readonly string[]): void
  /** The broker itself said no to messages that were sent and answered between these times. */
  onRefused(ids: readonly string[], from: number, to: number): void
}

/** Of the calls, so many … */
const share = {
  /** arrive, and their answer is lost. */
  unanswered: 0.004,
  /** arrive in part, and their answer is lost. */
  cut: 0.004,
  /** wait on their way, in which time the relay is likely to be hit. */
  slow: 0.1,
  /** find that a topic cannot be reached for a while. */
  outage: 0.004,
  /** kill a relay that crashes: before they have arrived, and after. */
  crash: 0.2,
} as const
/** Of the attempts at a message of these fates, so many are refused. */
const refused = { flaky: 0.5, doomed: 0.7 } as const
const longestMs = { slow: 40, outage: 400 } as const

type Decision = PublishOutcome | 'send'

/** Puts trouble between a relay and any broker. What it refuses never reaches the broker. */
export function troubledPublisher(broker: BrokerPublisher, troubles: Troubles): BrokerPublisher {
  const { random } = troubles
  const outages = new Outages(random)
  return {
    ...broker,
    async publish(messages, options) {
      if (random.chance(share.slow)) await wait(random.between(1, longestMs.slow))
      if (messages.some((message) => fateOf(message) === 'bomb')) troubles.die()
      outages.consider(messages)
      const decisions = decide(messages, (message) => judge(message, random, outages))
      const sent = messages.filter((_, index) => decisions[index] === 'send')
      const outcomes = sent.length === 0 ? [] : await send(broker, sent, { troubles, options })
      return decisions.map((decision) => (decision === 'send' ? (outcomes.shift() ?? noAnswer) : decision))
    },
  }
}

const noAnswer: PublishOutcome = {
  type: 'unknown',
  error: new PublishError('BROKER_UNKNOWN', 'The answer of the broker was lost'),
}

interface Sending {
  readonly troubles: Troubles
  readonly options: PublishOptions
}

/** Answers what the relay learns. */
async function send(
  broker: BrokerPublisher,
  messages: readonly Message[],
  { troubles, options }: Sending,
): Promise<PublishOutcome[]> {
  const { random } = troubles
  if (troubles.crashes && random.chance(share.crash)) troubles.die()
  const arriving = random.chance(share.cut) ? messages.slice(0, random.below(messages.length)) : messages
  const isLost = arriving.length < messages.length || random.chance(share.unanswered)
  const from = Date.now()
  const known = arriving.length === 0 ? [] : await broker.publish(arriving, options)
  const refused = arriving.filter((_, index) => known[index]?.type === 'unavailable').map(({ id }) => id)
  if (refused.length > 0) troubles.onRefused(refused, from, Date.now())
  if (troubles.crashes && random.chance(share.crash)) troubles.die()
  const outcomes = messages.map((_, index) => (isLost ? noAnswer : (known[index] ?? noAnswer)))
  // An answer that comes when the relay no longer waits is none to it.
  const isLate = options.signal.aborted
  const unanswered = messages.filter((_, index) => isLate || outcomes[index]?.type === 'unknown').map(({ id }) => id)
  if (unanswered.length > 0) troubles.onUnanswered(unanswered)
  return outcomes
}

/** Once a message of a key is not sent, none after it is. */
function decide(messages: readonly Message[], judgeOne: (message: Message) => Decision): readonly Decision[] {
  const stopped = new Set<string>()
  return messages.map((message) => {
    const scope = orderingScope(message)
    if (stopped.has(scope)) return { type: 'not-sent' }
    const decision = judgeOne(message)
    if (decision !== 'send') stopped.add(scope)
    return decision
  })
}

function judge(message: Message, random: Random, outages: Outages): Decision {
  const fate = fateOf(message)
  if (outages.concern(message.topic)) {
    const error = new PublishError('BROKER_UNAVAILABLE', 'The topic cannot be reached')
    return { type: 'unavailable', scope: 'topic', error }
  }
  if ((fate === 'flaky' || fate === 'doomed') && random.chance(refused[fate])) {
    const error = new PublishError('BROKER_REJECTED', 'The broker does not want it')
    return { type: 'rejected', retryable: fate === 'flaky', error }
  }
  return 'send'
}

/** Topics that this relay cannot reach at present. */
class Outages {
  readonly #random: Random
  readonly #until = new Map<string, number>()

  constructor(random: Random) {
    this.#random = random
  }

  consider(messages: readonly Message[]): void {
    const topic = messages[0]?.topic
    if (topic === undefined || !this.#random.chance(share.outage)) return
    this.#until.set(topic, performance.now() + this.#random.between(50, longestMs.outage))
  }

  concern(topic: string): boolean {
    return (this.#until.get(topic) ?? 0) > performance.now()
  }
}

function fateOf(message: Message): Payload['fate'] {
  const { fate }: Payload = JSON.parse(new TextDecoder().decode(message.payload))
  return fate
}
