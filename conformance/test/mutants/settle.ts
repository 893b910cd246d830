import type { Settlement } from '@waybill/core/contracts'
import type { RowRef } from '@waybill/core/lanes'
import type { StorageMutation } from '../memory.ts'
import { onLanes, onLaneTransaction, onStorage } from './mutate.ts'

type HeldRow = RowRef & { readonly key: string }

export const largeSettlementsAreCut: StorageMutation = onLanes((store) => ({
  async publish(rows) {
    await store.publish(rows.slice(0, 9))
    return rows.map(({ position }) => position)
  },
}))

export const publishedNeedsALease: StorageMutation = onStorage((s) => ({
  async settle(session, settlements) {
    if ((await s.renew(session)).held) return s.settle(session, settlements)
    return { lost: settlements.map(({ token }) => token) }
  },
}))

export const staleSettlementsAreApplied: StorageMutation = onLaneTransaction(() => ({ holdRelay: async () => true }))

export const releasedMessagesComeBackReversed: StorageMutation = onStorage((s) => {
  let released = false
  return {
    settle(session, settlements) {
      released ||= settlements.filter(({ type }) => type === 'release').length > 1
      return s.settle(session, settlements)
    },
    async claim(session, request, options) {
      const result = await s.claim(session, request, options)
      if (!released || result.messages.length === 0) return result
      released = false
      return { ...result, messages: result.messages.toReversed() }
    },
  }
})

export const deadMessagesHoldTheirKey: StorageMutation = onStorage((s) => {
  const blocked = new Set<string | undefined>()
  return {
    settle(session, settlements) {
      for (const { type, token } of settlements) if (type === 'dead') blocked.add((token as HeldRow).key)
      return s.settle(session, settlements)
    },
    async claim(session, request, options) {
      const result = await s.claim(session, request, options)
      return { ...result, messages: result.messages.filter(({ message }) => !blocked.has(message.orderingKey)) }
    },
  }
})

export const latePublishedRaisesTheDead: StorageMutation = onStorage((s) => ({
  settle(session, settlements) {
    for (const { type, token } of settlements) {
      const stored = s.database.messages.at((token as RowRef).position)
      if (type === 'published' && stored?.status === 'DEAD') s.database.messages.update(stored, { status: 'PUBLISHED' })
    }
    return s.settle(session, settlements)
  },
}))

export const repeatedSettlementsCountAgain: StorageMutation = onStorage((s) => {
  const settled = new Set<object>()
  return {
    async settle(session, settlements) {
      for (const { type, token } of settlements) {
        const stored = settled.has(token) ? s.database.messages.at((token as RowRef).position) : undefined
        if (stored && type === 'retry')
          s.database.messages.update(stored, { row: { ...stored.row, attempts: stored.row.attempts + 1 } })
        settled.add(token)
      }
      return s.settle(session, settlements)
    },
  }
})

export const oneUnknownTokenSpoilsTheBatch: StorageMutation = onStorage((s) => {
  const settled = new Set<object>()
  return {
    async settle(session, settlements) {
      const tokens = settlements.map(({ token }) => token)
      if (tokens.some((token) => settled.has(token))) return { lost: tokens }
      for (const token of tokens) settled.add(token)
      return s.settle(session, settlements)
    },
  }
})

export const retryHoldsOnlyTheMessage: StorageMutation = onStorage((s) => {
  const held = new Set<string>()
  const isLong = ({ type, token }: Settlement) => type === 'retry' && (token as HeldRow).key !== (token as HeldRow).id
  return {
    settle(session, settlements) {
      for (const each of settlements.filter(isLong)) held.add((each.token as RowRef).id)
      const changed = settlements.map((each) => (isLong(each) ? ({ ...each, type: 'release' } as const) : each))
      return s.settle(session, changed)
    },
    async claim(session, request, options) {
      const result = await s.claim(session, request, options)
      return { ...result, messages: result.messages.filter(({ message }) => !held.has(message.id)) }
    },
  }
})

export const whatAHoldPassedOverIsForgotten: StorageMutation = onStorage((s) => {
  const [held, forgotten] = [new Set<string>(), new Set<string>()]
  return {
    settle(session, settlements) {
      for (const { type, token } of settlements)
        if (type === 'retry') held.add((token as HeldRow).key)
        else if (type === 'release' && held.has((token as HeldRow).key)) forgotten.add((token as HeldRow).id)
      return s.settle(session, settlements)
    },
    async claim(session, request, options) {
      const result = await s.claim(session, request, options)
      return { ...result, messages: result.messages.filter(({ message }) => !forgotten.has(message.id)) }
    },
  }
})

export const keysIgnoreCaseAndSpaces: StorageMutation = onStorage((s) => ({
  insert(tx, messages) {
    const plain = (key: string | undefined) => (key === undefined ? {} : { orderingKey: key.trim().toLowerCase() })
    return s.insert(
      tx,
      messages.map((message) => ({ ...message, ...plain(message.orderingKey) })),
    )
  },
}))

export const delaysAreHalved: StorageMutation = onStorage((s) => ({
  settle(session, settlements) {
    const halve = (each: Settlement) => (each.type === 'retry' ? { ...each, delayMs: each.delayMs / 2 } : each)
    return s.settle(session, settlements.map(halve))
  },
}))

export const everyRetrySpendsAnAttempt: StorageMutation = onStorage((s) => ({
  settle(session, settlements) {
    const spend = (each: Settlement) => (each.type === 'retry' ? { ...each, spendsAttempt: true } : each)
    return s.settle(session, settlements.map(spend))
  },
}))

export const holdsAreNotStored: StorageMutation = onLaneTransaction(() => ({ holds: async () => [] }))
