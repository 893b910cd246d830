import { Relay } from '@waybill/core'
import type { BrokerPublisher, PublishOutcome } from '@waybill/core/contracts'
import type { RelayMutation } from '../memory.ts'

/** A mutant that hears something else than the publisher has answered. */
function onOutcome(change: (outcome: PublishOutcome) => PublishOutcome): RelayMutation {
  return onPublisher((publisher) => ({
    publish: async (messages, options) => (await publisher.publish(messages, options)).map(change),
  }))
}

/** A mutant with another publisher between the relay and the broker. */
function onPublisher(change: (publisher: BrokerPublisher) => Partial<BrokerPublisher>): RelayMutation {
  return {
    options({ publisher }) {
      const { specificationVersion, name, capabilities } = publisher
      const publish: BrokerPublisher['publish'] = (messages, options) => publisher.publish(messages, options)
      const plain = { specificationVersion, name, capabilities, publish, close: () => publisher.close() }
      return { publisher: { ...plain, ...change(plain) } }
    },
  }
}

const accepted: PublishOutcome = { type: 'accepted' }

export const largeBatchesRepeatTheirLast: RelayMutation = {
  publisher: (publisher) => ({
    async publish(messages, options) {
      const outcomes = await publisher.publish(messages, options)
      if (messages.length > 7) await publisher.publish(messages.slice(-1), options)
      return outcomes
    },
  }),
}

export const sixesAreReversed: RelayMutation = {
  storage: (s) => ({
    async claim(session, request, options) {
      const result = await s.claim(session, request, options)
      return result.messages.length === 6 ? { ...result, messages: result.messages.toReversed() } : result
    },
  }),
}

export const keysGoTogether: RelayMutation = { options: () => ({ strictKeyOrder: false }) }

export const delaysAreNotStored: RelayMutation = {
  storage: (s) => ({
    insert: (tx, messages) =>
      s.insert(
        tx,
        messages.map(({ delayMs: _, ...message }) => message),
      ),
  }),
}

class MiscountingRelay extends Relay {
  override async drain(): ReturnType<Relay['drain']> {
    return { ...(await super.drain()), retried: 0 }
  }
}
export const drainForgetsRetries: RelayMutation = { relay: (options) => new MiscountingRelay(options) }

export const stoppedRelaysKeepTheirLanes: RelayMutation = { storage: () => ({ leave: async () => undefined }) }

export const backoffIsIgnored: RelayMutation = {
  options: ({ retry }) => (retry ? { retry: { ...retry, delayMs: () => 0 } } : {}),
}

export const attemptsAreUnlimited: RelayMutation = {
  storage: (s) => ({
    async claim(session, request, options) {
      const result = await s.claim(session, request, options)
      return { ...result, messages: result.messages.map((each) => ({ ...each, attempt: 1 })) }
    },
  }),
}

export const nothingIsPermanent: RelayMutation = onOutcome((outcome) =>
  outcome.type === 'rejected' ? { ...outcome, retryable: true } : outcome,
)

export const oneHoldStopsEverything: RelayMutation = {
  storage: (s) => ({
    insert: (tx, messages) =>
      s.insert(
        tx,
        messages.map((each) => ({ ...each, orderingKey: 'everything' })),
      ),
  }),
}

export const nothingExpires: RelayMutation = {
  storage: (s) => ({
    async claim(session, request, options) {
      const result = await s.claim(session, request, options)
      return { ...result, messages: result.messages.map((each) => ({ ...each, expired: false })) }
    },
  }),
}

export const limitsAreUnknown: RelayMutation = onPublisher(({ capabilities }) => ({
  capabilities: { ...capabilities, maxMessageBytes: Number.MAX_SAFE_INTEGER },
}))

export const redriveIsOnlyPretended: RelayMutation = {
  storage: (s) => ({ deadLetters: { ...s.deadLetters, redrive: async () => 1 } }),
}

export const oneTopicIsTheBroker: RelayMutation = onOutcome((outcome) =>
  outcome.type === 'unavailable' ? { ...outcome, scope: 'broker' } : outcome,
)

export const outagesAreRejections: RelayMutation = onOutcome((outcome) =>
  outcome.type === 'unavailable' ? { type: 'rejected', error: outcome.error, retryable: true } : outcome,
)

export const outagesAreAccepted: RelayMutation = onOutcome((outcome) =>
  outcome.type === 'unavailable' ? accepted : outcome,
)

export const lostConnectionsStayLost: RelayMutation = onPublisher((publisher) => {
  let lost: PublishOutcome | undefined
  return {
    async publish(messages, options) {
      const outcomes = await publisher.publish(messages, options)
      lost ??= outcomes.find((outcome) => outcome.type === 'unavailable' && outcome.scope === 'broker')
      return lost === undefined ? outcomes : messages.map(() => lost ?? accepted)
    },
  }
})

export const unknownIsAccepted: RelayMutation = onOutcome((outcome) =>
  outcome.type === 'unknown' ? accepted : outcome,
)

export const exceptionsAreAccepted: RelayMutation = onPublisher((publisher) => ({
  publish: (messages, options) => publisher.publish(messages, options).catch(() => messages.map(() => accepted)),
}))

export const callsMayHang: RelayMutation = {
  options: ({ leaseMs }) => (leaseMs === 5000 ? { leaseMs: 60_000, publishTimeoutMs: 50_000 } : {}),
}

export const missingOutcomesAreAccepted: RelayMutation = onPublisher((publisher) => ({
  async publish(messages, options) {
    const outcomes = await publisher.publish(messages, options)
    return messages.map((_, index) => outcomes[index] ?? accepted)
  },
}))

export const leasesHardlyEnd: RelayMutation = {
  storage: (s) => ({ join: ({ label }) => s.join({ label, leaseMs: 3_600_000 }) }),
}

export const suspectsAreTakenForPublished: RelayMutation = {
  storage: (s) => ({
    async claim(session, request, options) {
      const result = await s.claim(session, request, options)
      const suspects = result.messages.filter(({ suspect }) => suspect)
      if (suspects.length === 0) return result
      await s.settle(
        session,
        suspects.map(({ token }) => ({ type: 'published', token })),
      )
      return { ...result, messages: [], more: true }
    },
  }),
}

export const leasesAreNotWatched: RelayMutation = {
  storage: (s) => ({
    markPublishing: async (session, tokens) => ({ ...(await s.markPublishing(session, tokens)), lost: [] }),
    renew: async (session) => ({ ...(await s.renew(session)), held: true }),
  }),
  options: ({ leaseMs, runtime }) => (leaseMs === 1500 && runtime ? { runtime: { ...runtime, now: () => 0 } } : {}),
}

export const crashesAreNotCounted: RelayMutation = { options: () => ({ maxCrashes: 1000 }) }
