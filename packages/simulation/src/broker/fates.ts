import type { Message } from '@waybill/core/contracts'
import type { History } from '../history/history.ts'
import type { Random } from '../random.ts'
import type { BrokerPlan } from '../world/plan.ts'

/**
 * What the broker makes of a message. `lost`: its answer is lost, and so is the message. `accepted-unanswered`: only the
 * answer is lost. `late`: the answer is lost, and the message arrives after everybody has given it up.
 */
export type Fate =
  | 'accepted'
  | 'rejected'
  | 'refused'
  | 'unavailable'
  | 'not-sent'
  | 'lost'
  | 'accepted-unanswered'
  | 'late'
  | 'hang'

/** What goes wrong with a whole call, whatever becomes of its messages. */
export type CallFault = 'none' | 'no-answer' | 'throws' | 'too-few'

/** Draws what the broker does. */
export class Fates {
  /** No chance decides any more: only the messages themselves are trouble. */
  calm = false
  /** Topics that take nothing. */
  readonly closedTopics: Set<string> = new Set()
  readonly #plan: BrokerPlan
  readonly #random: Random
  readonly #history: History

  constructor(plan: BrokerPlan, random: Random, history: History) {
    this.#plan = plan
    this.#random = random
    this.#history = history
  }

  ofMessage(message: Message): Fate {
    const nature = this.#history.messages.get(message.id)?.nature ?? 'plain'
    if (nature === 'hang') return 'hang'
    if (this.closedTopics.has(message.topic)) return 'unavailable'
    if (nature === 'poison') return 'rejected'
    if (nature === 'fatal') return 'refused'
    return this.calm ? 'accepted' : this.#byChance()
  }

  ofCall(): CallFault {
    if (this.calm || !this.#random.chance(this.#plan.badCall)) return 'none'
    return this.#random.pick<CallFault>(['no-answer', 'throws', 'too-few'])
  }

  /** How long after a call something arrives that was thought lost. */
  lateMs(): number {
    return this.#random.between(1, this.#random.chance(0.5) ? 100 : 1500)
  }

  #byChance(): Fate {
    const { reject, refuse, unknown } = this.#plan
    const drawn = this.#random.next()
    if (drawn < reject) return 'rejected'
    if (drawn < reject + refuse) return 'refused'
    if (drawn < reject + refuse + unknown) return this.#random.pick<Fate>(['lost', 'accepted-unanswered', 'late'])
    return 'accepted'
  }
}
