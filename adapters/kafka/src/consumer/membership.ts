import { setTimeout as pass } from 'node:timers/promises'
import { PublishError } from '@waybill/core/contracts'
import type { GroupLink, GroupListener, GroupTerms, KafkaClient } from '../client/client.ts'
import { KafkaFailure } from '../failure.ts'

const rejoinFromMs = 100
const rejoinUpToMs = 5000
const firstAttempts = 5

/** What a subscription is told beside assignments and records. */
export interface MembershipListener extends Omit<GroupListener, 'lost'> {
  /** Nothing is ours until the next assignment. */
  revoked(): void
  /** There is no use in trying again. */
  failed(error: Error): void
}

/**
 * Keeps a member in its group: when a membership is lost, a new one is begun with a new client, for an old one may still
 * hold records from before. Goes on for as long as no broker answers; gives up when the brokers keep saying no.
 */
export class Membership {
  readonly #client: KafkaClient
  readonly #terms: GroupTerms
  readonly #listener: MembershipListener
  readonly #end = new AbortController()
  #link: GroupLink | undefined
  #rejoining: Promise<void> = Promise.resolve()

  constructor(client: KafkaClient, terms: GroupTerms, listener: MembershipListener) {
    this.#client = client
    this.#terms = terms
    this.#listener = listener
  }

  /** The present membership, if there is one. */
  get link(): GroupLink | undefined {
    return this.#link
  }

  /**
   * Tries more than once, for a group's coordinator may be on its way up when everything else answers.
   *
   * @throws `PublishError` if there is no such topic, or no broker.
   */
  async begin(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#join()
      } catch (error) {
        const isOpen = error instanceof KafkaFailure && error.kind === 'unknown'
        if (!isOpen || attempt === firstAttempts) throw cannotJoin(this.#terms, error)
        await pass(rejoinFromMs * 2 ** attempt)
      }
    }
  }

  async close(): Promise<void> {
    this.#end.abort()
    await this.#rejoining
    await this.#drop()
  }

  async #join(): Promise<void> {
    let link: GroupLink | undefined
    let isLost = false
    const lost = () => {
      isLost = true
      this.#listener.revoked()
      // Until it stands, whoever begins it learns of its end by its rejection, and begins the next: with two of them, the
      // group gives partitions to a member that nobody listens to.
      if (link !== undefined) this.#rejoinNext()
    }
    link = await this.#client.joinGroup(this.#terms, {
      assigned: (partitions) => this.#listener.assigned(partitions),
      received: (source, records) => this.#listener.received(source, records),
      lost,
    })
    this.#link = link
    if (isLost) this.#rejoinNext()
  }

  #rejoinNext(): void {
    this.#rejoining = this.#rejoining.then(() => this.#rejoin())
  }

  async #rejoin(): Promise<void> {
    await this.#drop()
    let refusedAt: number | undefined
    for (let delayMs = rejoinFromMs; !this.#end.signal.aborted; delayMs = Math.min(delayMs * 2, rejoinUpToMs)) {
      try {
        return await this.#join()
      } catch (error) {
        const isRefusal = error instanceof KafkaFailure && ['missing', 'unavailable', 'refused'].includes(error.kind)
        refusedAt = isRefusal ? (refusedAt ?? performance.now()) : undefined
        if (refusedAt !== undefined && performance.now() - refusedAt > this.#terms.rebalanceTimeoutMs)
          return this.#listener.failed(cannotJoin(this.#terms, error))
        await pass(delayMs, undefined, { signal: this.#end.signal }).catch(() => undefined)
      }
    }
  }

  async #drop(): Promise<void> {
    const link = this.#link
    this.#link = undefined
    await link?.close()
  }
}

function cannotJoin({ group, topics }: GroupTerms, error: unknown): PublishError {
  const reason = error instanceof Error ? error.message : String(error)
  const isMissing = error instanceof KafkaFailure && error.kind === 'missing'
  const text = isMissing ? `one of the topics ${topics.map((topic) => `'${topic}'`).join(', ')} does not exist` : reason
  return new PublishError('BROKER_UNAVAILABLE', `The group '${group}' cannot be joined: ${text}`, error)
}
