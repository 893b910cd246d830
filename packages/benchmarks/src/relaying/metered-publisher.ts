import { type BrokerPublisher, type OutboxMessage, orderingScope, type PublishOutcome } from '@waybill/core/contracts'

const accepted: PublishOutcome = Object.freeze({ type: 'accepted' })
const notSent: PublishOutcome = Object.freeze({ type: 'not-sent' })

export interface MeteredPublisherOptions {
  /** How many messages have to be accepted. */
  readonly messages: number
  /** @default all are accepted */
  readonly answer?: (message: OutboxMessage) => PublishOutcome
}

export interface MeteredPublisher {
  readonly publisher: BrokerPublisher
  /** Messages accepted a second, from the first call to the one that made them enough. */
  readonly rate: Promise<number>
}

/** A broker that answers at once and looks at its watch. */
export function meteredPublisher({ messages, answer = () => accepted }: MeteredPublisherOptions): MeteredPublisher {
  const rate = Promise.withResolvers<number>()
  let startedAt: number | null = null
  let count = 0
  const answers = (batch: readonly OutboxMessage[]): readonly PublishOutcome[] => {
    const failed = new Set<string>()
    return batch.map((message) => {
      if (failed.size > 0 && failed.has(orderingScope(message))) return notSent
      const outcome = answer(message)
      if (outcome.type !== 'accepted') failed.add(orderingScope(message))
      return outcome
    })
  }
  return {
    rate: rate.promise,
    publisher: {
      specificationVersion: 'v1',
      name: 'metered',
      capabilities: { atomicPerKey: true, maxMessageBytes: 2 ** 20, maxBatchMessages: 10_000 },
      async publish(batch) {
        const outcomes = answers(batch)
        const now = performance.now()
        // The first batch says when it began.
        if (startedAt !== null) for (const { type } of outcomes) if (type === 'accepted') count++
        startedAt ??= now
        if (count >= messages) rate.resolve((count / (now - startedAt)) * 1000)
        return outcomes
      },
      close: async () => undefined,
    },
  }
}
