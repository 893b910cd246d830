import type { BrokerConsumer, Message } from '@waybill/core/contracts'

/** A broker that has a list of messages at hand. */
export function listSource(messages: readonly Message[]): BrokerConsumer {
  const { signal } = new AbortController()
  return {
    specificationVersion: 'v1',
    name: 'list',
    capabilities: { ordering: 'key', delayedRetry: false },
    async consume({ maxInFlight }, handle) {
      let next = 0
      const deliver = async () => {
        for (let message = messages[next++]; message !== undefined; message = messages[next++]) {
          const raw = { body: message.payload, headers: {} }
          const { type } = await handle({ raw, message, source: { topic: message.topic }, redelivered: false, signal })
          if (type !== 'ack') throw new Error(`The consumer answered '${type}' to message ${message.id}`)
        }
      }
      const delivering = Promise.all(Array.from({ length: maxInFlight }, deliver))
      const closed = Promise.withResolvers<void>()
      delivering.catch(closed.reject)
      return {
        pause: () => undefined,
        resume: () => undefined,
        closed: closed.promise,
        async [Symbol.asyncDispose]() {
          closed.resolve()
        },
      }
    },
    close: async () => undefined,
  }
}
