import { MessageError, type OutboxMessage, type TransactionOptions } from '@waybill/core/contracts'
import type { MemoryTransaction } from '@waybill/memory'
import type { StorageMutation } from '../memory.ts'
import { onStorage } from './mutate.ts'

export const bulkInsertsUseThePool: StorageMutation = onStorage((s) => ({
  async insert(tx, messages) {
    if (messages.length < 2) return s.insert(tx, messages)
    await s.transaction((own) => s.insert(own, messages))
  },
}))

export const chunksOfLargeInsertsRunInAnyOrder: StorageMutation = onStorage((s) => ({
  async insert(tx, messages) {
    await s.insert(tx, messages.slice(32))
    await s.insert(tx, messages.slice(0, 32))
  },
}))

export const payloadIsText: StorageMutation = onStorage((s) => ({
  insert(tx, messages) {
    const text = (payload: Uint8Array) => new TextEncoder().encode(new TextDecoder().decode(payload))
    return s.insert(
      tx,
      messages.map((message) => ({ ...message, payload: text(message.payload) })),
    )
  },
}))

export const idsIgnoreCase: StorageMutation = onStorage((s) => {
  const known = new Set<string>()
  return {
    async insert(tx, messages) {
      for (const { id } of messages) {
        if (known.has(id.toLowerCase()) && !known.has(id)) throw new MessageError('DUPLICATE_MESSAGE', id)
        known.add(id.toLowerCase()).add(id)
      }
      await s.insert(tx, messages)
    },
  }
})

export const insertOpensATransactionIfNeeded: StorageMutation = onStorage((s) => ({
  insert(tx, messages) {
    if (tx.open) return s.insert(tx, messages)
    return s.transaction((own) => s.insert(own, messages))
  },
}))

export const insertIgnoresConflicts: StorageMutation = onStorage((s) => ({
  async insert(tx, messages) {
    const fresh = messages.filter(({ id }) => s.database.messages.withId(id) === undefined)
    await s.insert(tx, [...new Map(fresh.map((message) => [message.id, message])).values()])
  },
}))

export const lockKeyEndsWithItsCall: StorageMutation = onStorage((s) => ({
  async lockKey(_, scope) {
    await s.transaction(async (own) => s.lockKey?.(own, scope))
  },
}))

export const emptyInsertIsASyntaxError: StorageMutation = onStorage((s) => ({
  async insert(tx, messages) {
    if (messages.length === 0) throw new SyntaxError('near ")": syntax error')
    await s.insert(tx, messages)
  },
}))

export const synchronousInsertIsDeferred: StorageMutation = onStorage((s) => ({
  insertSync(tx, messages) {
    queueMicrotask(() => {
      if (tx.open) s.insertSync(tx, messages)
    })
  },
}))

const known = new Set<string>()
export const onlyOwnInsertsHaveALane: StorageMutation = onStorage((s) => ({
  insert(tx, messages) {
    for (const { id } of messages) known.add(id)
    return s.insert(tx, messages)
  },
  insertSync(tx: MemoryTransaction, messages: readonly OutboxMessage[]) {
    for (const { id } of messages) known.add(id)
    s.insertSync(tx, messages)
  },
  async claim(session, request, options) {
    const result = await s.claim(session, request, options)
    return { ...result, messages: result.messages.filter(({ message }) => known.has(message.id)) }
  },
}))

export const transactionLosesTheResult: StorageMutation = onStorage((s) => ({
  async transaction(work, options) {
    await s.transaction(work, options)
    return undefined as never
  },
}))

export const rejectionWithoutAnErrorCommits: StorageMutation = onStorage((s) => ({
  async transaction<T>(work: (tx: MemoryTransaction) => Promise<T>, options?: TransactionOptions) {
    const run = async (tx: MemoryTransaction): Promise<() => T> => {
      try {
        const result = await work(tx)
        return () => result
      } catch (error) {
        if (error instanceof Error) throw error
        return () => Promise.reject(error) as never
      }
    }
    return (await s.transaction(run, options))()
  },
}))

export const transactionIgnoresItsSignal: StorageMutation = onStorage((s) => ({
  transaction: (work) => s.transaction(work),
}))

export const concurrentTransactionsShareAConnection: StorageMutation = onStorage((s) => {
  let shared: MemoryTransaction | undefined
  return {
    async transaction(work, options) {
      if (shared?.open) return work(shared)
      return s.transaction((tx) => {
        shared = tx
        return work(tx)
      }, options)
    },
  }
})

export const lateCloseThrows: StorageMutation = onStorage((s) => {
  let closed = false
  return {
    async close() {
      if (closed) throw new Error('the pool has been closed')
      closed = true
      await s.close()
    },
  }
})

export const olderContracts: StorageMutation = onStorage(() => ({ specificationVersion: 'v0' as 'v1' }))
