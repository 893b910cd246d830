import type { StorageMutation } from '../memory.ts'
import { onStorage } from './mutate.ts'

export const limitCountsWhatIsPassedOver: StorageMutation = onStorage((s) => {
  const givenBack = new Set<object>()
  return {
    claim(session, request, options) {
      return s.claim(session, { ...request, limit: Math.max(1, request.limit - givenBack.size) }, options)
    },
    settle(session, settlements) {
      for (const { type, token } of settlements) if (type === 'release') givenBack.add(token)
      return s.settle(session, settlements)
    },
  }
})

export const oneMoreThanTheLimit: StorageMutation = onStorage((s) => ({
  claim: (session, request, options) => s.claim(session, { ...request, limit: request.limit + 1 }, options),
}))

export const maxBytesIsIgnored: StorageMutation = onStorage((s) => ({
  claim: (session, request, options) => s.claim(session, { ...request, maxBytes: 1e9 }, options),
}))

export const largeMessagesArePassedOver: StorageMutation = onStorage((s) => ({
  async claim(session, request, options) {
    const result = await s.claim(session, request, options)
    const fitting = result.messages.filter(({ message }) => message.payload.byteLength <= request.maxBytes)
    return { ...result, messages: fitting }
  },
}))

export const keyLimitIsIgnored: StorageMutation = onStorage((s) => ({
  claim(session, { limit, maxBytes, skipTopics, probeTopics }, options) {
    return s.claim(session, { limit, maxBytes, skipTopics, probeTopics }, options)
  },
}))

export const thereIsNeverMore: StorageMutation = onStorage((s) => ({
  async claim(session, request, options) {
    return { ...(await s.claim(session, request, options)), more: false }
  },
}))

export const thereIsAlwaysMore: StorageMutation = onStorage((s) => ({
  async claim(session, request, options) {
    return { ...(await s.claim(session, request, options)), more: true }
  },
}))

export const availableAtIsIgnored: StorageMutation = onStorage((s) => ({
  insert(tx, messages) {
    return s.insert(
      tx,
      messages.map(({ availableAt: _, ...message }) => message),
    )
  },
}))

export const scheduledMessagesHoldTheirKey: StorageMutation = onStorage((s) => {
  const blocked = new Set<string>()
  return {
    insert(tx, messages) {
      for (const { orderingKey, delayMs = 0 } of messages) if (delayMs > 60_000) blocked.add(orderingKey ?? '')
      return s.insert(tx, messages)
    },
    async claim(session, request, options) {
      const result = await s.claim(session, request, options)
      return { ...result, messages: result.messages.filter(({ message }) => !blocked.has(message.orderingKey ?? '')) }
    },
  }
})

export const scheduledMessagesComeInAnyOrder: StorageMutation = onStorage((s) => ({
  insert(tx, messages) {
    return s.insert(tx, messages.every(({ delayMs }) => delayMs !== undefined) ? messages.toReversed() : messages)
  },
}))

export const expiredMessagesVanish: StorageMutation = onStorage((s) => ({
  async claim(session, request, options) {
    const result = await s.claim(session, request, options)
    return { ...result, messages: result.messages.filter(({ expired }) => !expired) }
  },
}))

export const nothingIsEverDue: StorageMutation = onStorage((s) => ({
  async claim(session, request, options) {
    return { ...(await s.claim(session, request, options)), nextDueInMs: null }
  },
}))
