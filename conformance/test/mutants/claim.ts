import type { ClaimedMessage, ClaimResult, RelaySession } from '@waybill/core/contracts'
import type { StorageMutation } from '../memory.ts'
import { onLanes, onStorage } from './mutate.ts'

export const fullBatchesAreSharedWithTheNextClaimer: StorageMutation = onStorage((s) => {
  let last: { readonly session: RelaySession; readonly message: ClaimedMessage } | undefined
  return {
    async claim(session, request, options) {
      const result = await s.claim(session, request, options)
      const [first] = result.messages
      if (first === undefined || result.messages.length < request.limit) return result
      const stolen = last !== undefined && last.session !== session ? [last.message] : []
      last = { session, message: first }
      return { ...result, messages: [...result.messages, ...stolen] }
    },
  }
})

export const largeBatchesAreSortedByNothing: StorageMutation = onStorage((s) => ({
  async claim(session, request, options) {
    const result = await s.claim(session, request, options)
    return result.messages.length < 6 ? result : { ...result, messages: result.messages.toReversed() }
  },
}))

export const everyTenthFullBatchLosesItsLast: StorageMutation = onStorage((s) => {
  let full = 0
  return {
    async claim(session, request, options) {
      const result = await s.claim(session, request, options)
      if (result.messages.length < request.limit || ++full % 10 !== 0) return result
      return { ...result, messages: result.messages.slice(0, -1) }
    },
  }
})

export const claimsSpendAttempts: StorageMutation = onStorage((s) => {
  const seen = new Map<string, number>()
  return {
    async claim(session, request, options) {
      const result = await s.claim(session, request, options)
      for (const { message } of result.messages) {
        const key = session.id + message.id
        seen.set(key, (seen.get(key) ?? 0) + 1)
      }
      const attempt = (each: ClaimedMessage) => Math.max(each.attempt, seen.get(session.id + each.message.id) ?? 0)
      return { ...result, messages: result.messages.map((each) => ({ ...each, attempt: attempt(each) })) }
    },
  }
})

export const endedSessionsJoinAgainBySilence: StorageMutation = onStorage((s) => {
  const reborn = new Map<RelaySession, RelaySession>()
  return {
    async leave(session) {
      await s.leave(session)
      reborn.set(session, await s.join({ label: 'again', leaseMs: 100 }))
    },
    claim: (session, request, options) => s.claim(reborn.get(session) ?? session, request, options),
  }
})

export const claimIgnoresItsSignal: StorageMutation = onStorage((s) => ({
  claim: (session, request) => s.claim(session, request),
}))

export const sameLabelSameSession: StorageMutation = onStorage((s) => {
  const joining = new Map<string, Promise<RelaySession>>()
  return {
    join(options) {
      const joined = joining.get(options.label) ?? s.join(options).finally(() => joining.delete(options.label))
      joining.set(options.label, joined)
      return joined
    },
  }
})

export const skipTopicsIsIgnored: StorageMutation = onStorage((s) => ({
  claim: (session, request, options) => s.claim(session, { ...request, skipTopics: [], probeTopics: [] }, options),
}))

export const skippedTopicsAreForgotten: StorageMutation = onLanes((store) => {
  let passed = 0
  return {
    read(request) {
      if (request.skipTopics.length > 0) passed = Math.max(passed, request.after)
      return store.read({ ...request, after: Math.max(passed, request.after) })
    },
  }
})

export const probesTakeTheFirst: StorageMutation = onStorage((s) => ({
  claim(session, request, options) {
    if (request.probeTopics.length === 0) return s.claim(session, request, options)
    return s.claim(session, { ...request, limit: 1, skipTopics: [], probeTopics: [] }, options)
  },
}))

export const lateCommitsAreLost: StorageMutation = onLanes((store) => {
  const everything = { lanes: null, after: 0, exclude: [], skipTopics: [], skipKeys: [], limit: 1e6, watch: [] }
  const seen = new Set<number>()
  const late = new Set<number>()
  return {
    async read(request) {
      const highest = Math.max(0, ...seen)
      for (const { position, scheduled } of (await store.read({ ...request, ...everything })).rows)
        (position > highest || scheduled || seen.has(position) ? seen : late).add(position)
      const result = await store.read(request)
      return { ...result, rows: result.rows.filter(({ position }) => !late.has(position)) }
    },
  }
})

export const openWritersAreOverlooked: StorageMutation = onLanes((store) => ({
  barrier: async () => ({ last: (await store.barrier())?.last ?? 0, writers: [] }),
}))

export const openWritersStopEverything: StorageMutation = onStorage((s) => ({
  async claim(session, request, options): Promise<ClaimResult> {
    const open = [...s.database.transactions.values()].some((transaction) => transaction.insertsMessages)
    return s.claim(session, open ? { ...request, limit: 0 } : request, options)
  },
}))
