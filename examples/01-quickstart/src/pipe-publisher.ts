import { type BrokerPublisher, type Message, PublishError, type PublishOutcome } from '@waybill/core/contracts'
import type { FromRelay, ToRelay } from './pipe.ts'

/** One end of a channel between two processes. */
export interface Pipe {
  send(message: FromRelay): Promise<void>
  onMessage(listener: (message: ToRelay) => void): void
}

/**
 * Publishes to a broker at the other end of a pipe, and believes nothing but its answers. What was sent and not answered in
 * time is unknown: the broker may have it.
 */
export function pipePublisher(pipe: Pipe): BrokerPublisher {
  const waiting = new Map<number, (outcomes: readonly PublishOutcome[]) => void>()
  let lastCall = 0
  pipe.onMessage((message) => {
    if (message.type === 'outcomes') waiting.get(message.call)?.(message.outcomes)
  })
  return {
    specificationVersion: 'v1',
    name: 'pipe',
    // The broker appends a call's messages one after the other, and a call arrives whole or not at all.
    capabilities: { atomicPerKey: true, maxMessageBytes: 1_048_576, maxBatchMessages: 500 },
    async publish(messages, { signal }) {
      const call = ++lastCall
      const answer = Promise.withResolvers<readonly PublishOutcome[]>()
      waiting.set(call, answer.resolve)
      signal.addEventListener('abort', () => answer.resolve(unknown(messages, signal.reason)), { once: true })
      try {
        await pipe.send({ type: 'publish', call, messages })
        return await answer.promise
      } catch (cause) {
        return unavailable(messages, cause)
      } finally {
        waiting.delete(call)
      }
    },
    async close() {
      // The pipe ends with the process.
    },
  }
}

function unknown(messages: readonly Message[], cause: unknown): readonly PublishOutcome[] {
  const error = new PublishError('BROKER_UNKNOWN', 'The broker did not answer in time', cause)
  return messages.map(() => ({ type: 'unknown', error }))
}

function unavailable(messages: readonly Message[], cause: unknown): readonly PublishOutcome[] {
  const error = new PublishError('BROKER_UNAVAILABLE', 'The pipe to the broker is closed', cause)
  return messages.map(() => ({ type: 'unavailable', scope: 'broker', error }))
}
