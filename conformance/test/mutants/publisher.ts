import { setImmediate as later } from 'node:timers/promises'
import type { PublishOutcome } from '@waybill/core/contracts'
import type { PublisherMutation } from '../memory.ts'

const accepted: PublishOutcome = { type: 'accepted' }
const unknown: PublishOutcome = { type: 'unknown', error: new Error('no answer') }

export const largeBatchesLoseTheirLast: PublisherMutation = (publisher) => ({
  async publish(messages, options) {
    if (messages.length < 20) return publisher.publish(messages, options)
    return [...(await publisher.publish(messages.slice(0, -1), options)), accepted]
  },
})

export const payloadsArePublishedAsText: PublisherMutation = (publisher) => ({
  publish(messages, options) {
    const text = (payload: Uint8Array) => new TextEncoder().encode(new TextDecoder().decode(payload))
    return publisher.publish(
      messages.map((message) => ({ ...message, payload: text(message.payload) })),
      options,
    )
  },
})

export const batchesAreSentLastFirst: PublisherMutation = (publisher) => ({
  publish: async (messages, options) => (await publisher.publish(messages.toReversed(), options)).toReversed(),
})

export const clientRepeatsTheLast: PublisherMutation = (publisher) => ({
  async publish(messages, options) {
    const outcomes = await publisher.publish(messages, options)
    await publisher.publish(messages.slice(-1), options)
    return outcomes
  },
})

export const oneTopicACall: PublisherMutation = (publisher) => ({
  async publish(messages, options) {
    const first = messages.filter(({ topic }) => topic === messages[0]?.topic)
    const outcomes = await publisher.publish(first, options)
    return messages.map((message) => outcomes[first.indexOf(message)] ?? accepted)
  },
})

export const fullBatchIsTooMuch: PublisherMutation = (publisher) => ({
  async publish(messages, options) {
    if (messages.length === publisher.capabilities.maxBatchMessages) return messages.map(() => unknown)
    return publisher.publish(messages, options)
  },
})

export const nothingIsNeverAnswered: PublisherMutation = (publisher) => ({
  publish: (messages, options) =>
    messages.length === 0 ? new Promise(() => undefined) : publisher.publish(messages, options),
})

export const failuresHaveNoOutcome: PublisherMutation = (publisher) => ({
  async publish(messages, options) {
    return (await publisher.publish(messages, options)).filter(({ type }) => type !== 'rejected')
  },
})

export const oversizedMayBeRetried: PublisherMutation = (publisher) => ({
  async publish(messages, options) {
    const outcomes = await publisher.publish(messages, options)
    return outcomes.map((outcome) => (outcome.type === 'rejected' ? { ...outcome, retryable: true } : outcome))
  },
})

export const messagesAreSentOneByOne: PublisherMutation = (publisher) => ({
  async publish(messages, options) {
    const outcomes = await Promise.all(messages.map((message) => publisher.publish([message], options)))
    return outcomes.flat()
  },
})

export const oneFailureEndsTheCall: PublisherMutation = (publisher) => ({
  async publish(messages, options) {
    const outcomes = await publisher.publish(messages, options)
    const failed = outcomes.findIndex(({ type }) => type !== 'accepted')
    return outcomes.map((outcome, index) => (failed >= 0 && index > failed ? { type: 'not-sent' } : outcome))
  },
})

export const abortIsIgnored: PublisherMutation = (publisher) => ({
  publish: (messages, options) =>
    options.signal.aborted ? new Promise(() => undefined) : publisher.publish(messages, options),
})

export const missingTopicThrows: PublisherMutation = (publisher) => ({
  async publish(messages, options) {
    if (messages.some(({ topic }) => topic === 'missing')) throw new Error('404 no exchange')
    return publisher.publish(messages, options)
  },
})

export const outageThrows: PublisherMutation = (publisher) => ({
  async publish(messages, options) {
    const outcomes = await publisher.publish(messages, options)
    if (outcomes.every(({ type }) => type === 'unavailable') && messages.length > 1) throw new Error('connection lost')
    return outcomes
  },
})

export const closeDropsCallsUnderWay: PublisherMutation = (publisher) => {
  let closed = false
  return {
    async publish(messages, options) {
      await later()
      return closed ? messages.map(() => unknown) : publisher.publish(messages, options)
    },
    async close() {
      closed = true
    },
  }
}

export const publisherClosesOnce: PublisherMutation = (publisher) => {
  let closed = false
  return {
    async close() {
      if (closed) throw new Error('the connection has been closed')
      closed = true
      await publisher.close()
    },
  }
}

export const closedPublisherGoesOn: PublisherMutation = () => ({ close: async () => undefined })

export const namelessPublisher: PublisherMutation = () => ({ name: '' })
