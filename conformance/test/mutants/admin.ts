import type { MessageInspection, OutboxDeadLetters } from '@waybill/core/contracts'
import type { MemoryStorage } from '@waybill/memory'
import type { StorageMutation } from '../memory.ts'
import { onStorage } from './mutate.ts'

function onDeadLetters(
  change: (letters: OutboxDeadLetters, storage: MemoryStorage) => Partial<OutboxDeadLetters>,
): StorageMutation {
  return onStorage((s) => ({ deadLetters: { ...s.deadLetters, ...change(s.deadLetters, s) } }))
}

function onInspection(change: (found: MessageInspection) => Partial<MessageInspection>): StorageMutation {
  return onStorage((s) => ({
    async inspect(id) {
      const found = await s.inspect(id)
      return found && { ...found, ...change(found) }
    },
  }))
}

export const deathHasNoReason: StorageMutation = onDeadLetters((letters) => ({
  async list(filter) {
    const all = await letters.list(filter)
    return all.map((letter) => ({ ...letter, error: { code: 'UNKNOWN', message: 'failed' } }))
  },
}))

export const youngestDeathFirst: StorageMutation = onDeadLetters((letters) => ({
  list: async (filter) => (await letters.list(filter)).toReversed(),
}))

export const reasonIsNoCondition: StorageMutation = onDeadLetters((letters) => ({
  list: ({ reason: _, ...filter } = {}) => letters.list(filter),
}))

export const noFilterMeansAll: StorageMutation = onDeadLetters((letters) => ({
  redrive: (filter) => letters.redrive(Object.keys(filter).length === 0 ? { all: true } : filter),
}))

export const discardTellsNothing: StorageMutation = onDeadLetters((letters) => ({
  discard: async (filter) => (await letters.discard(filter)) * 0,
}))

export const discardTakesTheLivingToo: StorageMutation = onDeadLetters((letters, { database }) => ({
  async discard(filter) {
    const found = (filter.ids ?? []).flatMap((id) => database.messages.withId(id) ?? [])
    const living = found.filter(({ status }) => status !== 'DEAD')
    for (const stored of living) database.messages.remove(stored)
    return (await letters.discard(filter)) + living.length
  },
}))

export const redriveMakesNewMessages: StorageMutation = onDeadLetters((letters, s) => ({
  async redrive(filter) {
    if (filter.ids === undefined) return letters.redrive(filter)
    const found = await letters.list(filter)
    await letters.discard(filter)
    await s.transaction((tx) =>
      s.insert(
        tx,
        found.map(({ message }) => ({ ...message, id: `${message.id}-again` })),
      ),
    )
    return found.length
  },
}))

export const redriveKeepsThePosition: StorageMutation = onDeadLetters((letters, { database: { messages } }) => ({
  async redrive(filter) {
    const found = (await letters.list(filter)).flatMap(({ message }) => messages.withId(message.id) ?? [])
    const before = found.map(({ row }) => row)
    const count = await letters.redrive(filter)
    for (const { position, message } of before) {
      const stored = messages.withId(message.id)
      if (stored === undefined) continue
      messages.remove(stored)
      messages.add({ ...stored, row: { ...stored.row, position } })
    }
    return count
  },
}))

export const redriveKeepsTheExpiry: StorageMutation = onDeadLetters((letters, { database: { messages } }) => ({
  async redrive(filter) {
    const found = (await letters.list(filter)).map(({ message }) => message)
    const count = await letters.redrive(filter)
    for (const message of found) {
      const stored = messages.withId(message.id)
      if (stored !== undefined) messages.update(stored, { row: { ...stored.row, message } })
    }
    return count
  },
}))

export const redriveCountsWhatItSaw: StorageMutation = onDeadLetters((letters) => ({
  async redrive(filter) {
    const seen = await letters.list(filter)
    await letters.redrive(filter)
    return seen.length
  },
}))

export const processingLooksPending: StorageMutation = onInspection(({ status }) => ({
  status: status === 'PROCESSING' ? 'PENDING' : status,
}))

export const unknownMessagesThrow: StorageMutation = onStorage((s) => ({
  async inspect(id) {
    if (id.startsWith('never')) throw new RangeError(`no message ${id}`)
    return s.inspect(id)
  },
}))

export const errorsAreNotKept: StorageMutation = onInspection(() => ({ lastError: null }))

export const ownersAreUnknown: StorageMutation = onInspection(() => ({ owner: null }))

export const nothingStandsInTheWay: StorageMutation = onInspection(() => ({ obstacles: [] }))

export const processingCountsAsPending: StorageMutation = onStorage((s) => ({
  async count() {
    const counts = await s.count()
    return { ...counts, pending: counts.pending + counts.processing }
  },
}))

export const emptyOutboxHasAnAge: StorageMutation = onStorage((s) => ({
  async count() {
    const counts = await s.count()
    return { ...counts, oldestPendingAgeMs: counts.oldestPendingAgeMs ?? 0 }
  },
}))

export const pruneCountsOneBatch: StorageMutation = onStorage((s) => ({
  prune: async (options) => Math.min(await s.prune(options), options.batchSize ?? 1000),
}))

export const pruneIgnoresTheAge: StorageMutation = onStorage((s) => ({
  prune: (options) => s.prune({ ...options, olderThanMs: 0 }),
}))

export const pruneTakesTheDead: StorageMutation = onStorage((s) => ({
  async prune(options) {
    return (await s.prune(options)) + (await s.deadLetters.discard({ all: true }))
  },
}))
