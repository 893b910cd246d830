import { type Message, orderingScope, PublishError, type PublishOutcome } from '@waybill/core/contracts'
import type { History } from '../history/history.ts'
import type { Actor } from '../scheduler/actor.ts'
import type { BrokerLog } from './broker-log.ts'
import type { Fate, Fates } from './fates.ts'

export interface Request {
  readonly messages: readonly Message[]
  readonly from: string
  /** One record batch a key: a key's messages after one that fails are not taken. */
  readonly atomicPerKey: boolean
}

interface Sent {
  readonly message: Message
  readonly index: number
}

/** `null`: the answer never comes. */
export type Answer = readonly (PublishOutcome | null)[]

/**
 * The broker's own process. What has been sent to it arrives, whatever becomes of the sender: key by key, in any order of
 * the keys.
 */
export class BrokerServer {
  /** Messages on their way. */
  underway = 0
  readonly #actor: Actor
  readonly #log: BrokerLog
  readonly #fates: Fates
  readonly #history: History

  constructor(options: {
    readonly actor: Actor
    readonly log: BrokerLog
    readonly fates: Fates
    readonly history: History
  }) {
    this.#actor = options.actor
    this.#log = options.log
    this.#fates = options.fates
    this.#history = options.history
  }

  /** Resolves when the last key has been dealt with. */
  async receive(request: Request): Promise<Answer> {
    const outcomes: (PublishOutcome | null)[] = request.messages.map(() => null)
    const byScope = new Map<string, Sent[]>()
    request.messages.forEach((message, index) => {
      const scope = orderingScope(message)
      byScope.set(scope, [...(byScope.get(scope) ?? []), { message, index }])
    })
    this.underway += request.messages.length
    await Promise.all(
      [...byScope.values()].map(async (sent) => {
        await this.#actor.step(`receives ${sent.length} from ${request.from}`)
        this.underway -= sent.length
        this.#takeKey(request, sent, outcomes)
      }),
    )
    return outcomes
  }

  #takeKey({ from, atomicPerKey }: Request, sent: readonly Sent[], outcomes: (PublishOutcome | null)[]): void {
    const late: Message[] = []
    let failure: Fate | null = null
    for (const { message, index } of sent) {
      const fate: Fate = failure !== null && atomicPerKey ? fateAfter(failure) : this.#fates.ofMessage(message)
      if (fate !== 'accepted') failure = fate
      if (fate === 'late') late.push(message)
      if (fate === 'accepted' || fate === 'accepted-unanswered') this.#log.accept(message, from)
      if (fate === 'refused') this.#history.known(message.id).refused = true
      outcomes[index] = outcomeOf(fate)
    }
    if (late.length > 0) this.#arriveLate(late, from)
  }

  /** All of one key together: a connection keeps its order. */
  #arriveLate(messages: readonly Message[], from: string): void {
    this.underway += messages.length
    this.#actor.runtime.setTimeout(() => {
      this.underway -= messages.length
      for (const message of messages) this.#log.accept(message, `${from}, late,`)
    }, this.#fates.lateMs())
  }
}

/** What becomes of the later messages of a key of which one was not accepted, or is not known to be. */
function fateAfter(failure: Fate): Fate {
  return ['hang', 'lost', 'late', 'accepted-unanswered'].includes(failure) ? failure : 'not-sent'
}

function outcomeOf(fate: Fate): PublishOutcome | null {
  switch (fate) {
    case 'accepted':
      return { type: 'accepted' }
    case 'not-sent':
      return { type: 'not-sent' }
    case 'rejected':
      return { type: 'rejected', retryable: true, error: new PublishError('BROKER_REJECTED', 'No, for now') }
    case 'refused':
      return { type: 'rejected', retryable: false, error: new PublishError('BROKER_REJECTED', 'No, never') }
    case 'unavailable':
      return { type: 'unavailable', scope: 'topic', error: new PublishError('BROKER_UNAVAILABLE', 'Topic is closed') }
    case 'hang':
      return null
    case 'lost':
    case 'late':
    case 'accepted-unanswered':
      return { type: 'unknown', error: new PublishError('BROKER_UNKNOWN', 'The answer was lost') }
  }
}
