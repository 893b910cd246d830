import type { ChildProcess } from 'node:child_process'
import { type MemoryBroker, memoryBroker, memoryPublisher } from '@waybill/memory'
import type { AcceptedMessage } from './judge.ts'
import type { FromRelay, ToRelay } from './pipe.ts'

/** The broker: in our process, so that it survives the relays that are killed. */
export class BrokerHost {
  readonly broker: MemoryBroker = memoryBroker()
  /** When each message was accepted for the first time, in milliseconds of `performance.now`. */
  readonly firstAcceptedAt: Map<string, number> = new Map()
  readonly #publisher = memoryPublisher({ broker: this.broker })
  #onAccepted: () => void = () => undefined

  /** Calls the listener after every call that was accepted, before it is answered. */
  onAccepted(listener: () => void): void {
    this.#onAccepted = listener
  }

  /** How many messages were accepted, duplicates included. */
  get acceptances(): number {
    return this.broker.log.length
  }

  /** The broker's own log. */
  get log(): readonly AcceptedMessage[] {
    return this.broker.log.map(({ message }) => ({ id: message?.id ?? '', orderId: message?.orderingKey ?? '' }))
  }

  /** Takes what a relay publishes over its pipe, and answers. A relay may be dead when the answer comes. */
  serve(relay: ChildProcess): void {
    relay.on('message', (message: FromRelay) => {
      if (message.type === 'publish') void this.#publish(relay, message)
    })
  }

  async #publish(relay: ChildProcess, { call, messages }: Extract<FromRelay, { type: 'publish' }>): Promise<void> {
    const outcomes = await this.#publisher.publish(messages, { signal: new AbortController().signal, timeoutMs: 1000 })
    const now = performance.now()
    for (const [index, { id }] of messages.entries()) {
      if (outcomes[index]?.type === 'accepted' && !this.firstAcceptedAt.has(id)) this.firstAcceptedAt.set(id, now)
    }
    this.#onAccepted()
    const answer: ToRelay = { type: 'outcomes', call, outcomes }
    if (relay.connected) relay.send(answer, () => undefined)
  }
}
