import type { StorageMutation } from '../memory.ts'
import { onLanes, onLaneTransaction, onStorage } from './mutate.ts'

export const idleSessionsNeverExpire: StorageMutation = onLaneTransaction((tx) => ({
  relays: async () =>
    (await tx.relays()).map((relay) => ({ ...relay, expired: relay.expired && relay.window.length > 0 })),
}))

const handedOut = new Map<string, string>()
export const inheritedWorkIsReversed: StorageMutation = onStorage((s) => ({
  async claim(session, request, options) {
    const result = await s.claim(session, request, options)
    const inherited = result.messages.some(({ message }) => (handedOut.get(message.id) ?? session.id) !== session.id)
    for (const { message } of result.messages) handedOut.set(message.id, session.id)
    return inherited ? { ...result, messages: result.messages.toReversed() } : result
  },
}))

export const renewalIsOnlyPretended: StorageMutation = onStorage(() => ({ renew: async () => ({ held: true }) }))

export const markingLeavesTheLease: StorageMutation = onLanes((store, { lanes }) => ({
  async mark(relayId, window) {
    const { leaseUntil = 0 } = lanes.relays.get(relayId) ?? {}
    const held = await store.mark(relayId, window)
    const relay = lanes.relays.get(relayId)
    if (relay !== undefined) lanes.relays.set(relayId, { ...relay, leaseUntil })
    return held
  },
}))

export const lostTokensMayBePublished: StorageMutation = onStorage((s) => ({
  markPublishing: async (session, tokens) => ({ ...(await s.markPublishing(session, tokens)), lost: [] }),
}))

export const leavingTwiceThrows: StorageMutation = onStorage((s) => {
  const left = new Set<object>()
  return {
    async leave(session) {
      if (left.has(session)) throw new Error('no such session')
      left.add(session)
      await s.leave(session)
    },
  }
})

export const suspectsAreNotMarked: StorageMutation = onStorage((s) => ({
  async claim(session, request, options) {
    const result = await s.claim(session, request, options)
    return { ...result, messages: result.messages.map((each) => ({ ...each, suspect: false })) }
  },
}))

export const othersWaitForSuspects: StorageMutation = onStorage((s) => ({
  claim: (session, ...rest) => s.claim(Object.assign(session, { suspectsTurn: true, retriesTurn: true }), ...rest),
}))

export const everyCrashCounts: StorageMutation = onStorage((s) => ({
  async claim(session, request, options) {
    const result = await s.claim(session, request, options)
    const messages = result.messages.map((each) => ({ ...each, crashes: each.crashes + (each.suspect ? 1 : 0) }))
    return { ...result, messages }
  },
}))

export const windowsOnlyGrow: StorageMutation = onLanes((store, { lanes }) => ({
  mark(relayId, window) {
    return store.mark(relayId, [...(lanes.relays.get(relayId)?.window ?? []), ...window])
  },
}))

export const settlingLeavesTheWindow: StorageMutation = onLaneTransaction(() => ({ setWindow: async () => undefined }))

export const settledTokensAreMarked: StorageMutation = onStorage((s) => ({
  markPublishing: (session, tokens) =>
    s.markPublishing(
      session,
      tokens.map((token) => ({ ...token, settled: false })),
    ),
}))

export const leavingForgetsTheWindow: StorageMutation = onStorage((s) => ({
  async leave(session) {
    await s.markPublishing(session, [])
    await s.leave(session)
  },
}))

export const newcomersAreNeverTrusted: StorageMutation = onLaneTransaction(() => ({
  trustRelay: async () => undefined,
}))

export const lanesOfLeaversAreStranded: StorageMutation = onLaneTransaction((tx) => {
  let freed: readonly number[] = []
  return {
    async assign(lanes, owner) {
      if (owner === null) freed = lanes
      await tx.assign(lanes, owner)
    },
    async removeRelay(relayId) {
      if (freed.length < 64) await tx.assign(freed, 'somebody long gone')
      await tx.removeRelay(relayId)
    },
  }
})

export const takeoversEndAllLeasesOfALabel: StorageMutation = onLaneTransaction((tx) => ({
  async relays() {
    const relays = await tx.relays()
    const ended = relays.filter(({ expired }) => expired).map(({ label }) => label)
    return relays.map((relay) => ({ ...relay, expired: ended.includes(relay.label) }))
  },
}))

export const outagesAreDriverErrors: StorageMutation = onStorage((s) => ({
  claim: (session, request, options) =>
    s.claim(session, request, options).catch((cause) => {
      throw new Error('ECONNREFUSED', { cause })
    }),
}))

export const outagesEndSessions: StorageMutation = onStorage((s) => {
  let broken = false
  return {
    async settle(session, settlements) {
      if (broken) return { lost: settlements.map(({ token }) => token) }
      return s.settle(session, settlements).catch((error) => {
        broken = true
        throw error
      })
    },
  }
})
