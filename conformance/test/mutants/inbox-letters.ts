import type { InboxDeadLetters } from '@waybill/core/contracts'
import type { MemoryInbox, MemoryTransaction } from '@waybill/memory'
import type { InboxMutation } from '../memory.ts'

type Letters = InboxDeadLetters<MemoryTransaction>

const table = 'waybill.inbox_dead_letters'

const onLetters =
  (change: (letters: Letters, inbox: MemoryInbox) => Partial<Letters>): InboxMutation =>
  (inbox) => ({ deadLetters: { ...inbox.deadLetters, ...change(inbox.deadLetters, inbox) } })

export const bodiesAreText: InboxMutation = onLetters((letters) => ({
  bury(burial) {
    const body = new TextEncoder().encode(new TextDecoder().decode(burial.raw.body))
    return letters.bury({ ...burial, raw: { ...burial.raw, body } })
  },
}))

export const errorsOfLettersAreCut: InboxMutation = onLetters((letters) => ({
  bury: ({ error, ...rest }) =>
    letters.bury({ ...rest, error: { code: error.code, message: error.message.slice(0, 255) } }),
}))

export const buryingAgainBeginsAnew: InboxMutation = onLetters((letters) => ({
  async bury(burial) {
    const { consumer, key } = burial.receipt
    await letters.discard({ consumer, keys: [key] })
    await letters.bury(burial)
  },
}))

export const keysOfLettersIgnoreCase: InboxMutation = onLetters((letters) => ({
  bury: ({ receipt, ...rest }) =>
    letters.bury({ ...rest, receipt: { consumer: receipt.consumer, key: receipt.key.toLowerCase() } }),
}))

export const listsOfLettersHaveNoLimit: InboxMutation = onLetters((letters) => ({
  list: (filter, options) => letters.list({ ...filter, limit: filter?.limit ?? 10_000 }, options),
}))

export const reasonsOfLettersAreIgnored: InboxMutation = onLetters((letters) => ({
  list: ({ reason: _, ...filter } = {}, options) => letters.list(filter, options),
}))

export const emptyFiltersDiscardAll: InboxMutation = onLetters((letters) => ({
  discard: (filter, options) => letters.discard({ ...filter, all: true }, options),
}))

export const editReplacesTheOriginal: InboxMutation = onLetters((letters) => ({
  async list(filter, options) {
    const found = await letters.list(filter, options)
    return found.map((letter) => ({
      ...letter,
      raw: { ...letter.raw, body: letter.editedPayload ?? letter.raw.body },
    }))
  },
}))

export const takeLooksForNothing: InboxMutation = onLetters(() => ({
  async take(tx, { consumer, key }) {
    const row = `${consumer}\u0000${key}`
    if (tx.get(table, row) === undefined) return false
    await tx.delete(table, row)
    return true
  },
}))

export const nothingBehindAFailedLetterStays: InboxMutation = onLetters((letters) => ({
  async bury(burial) {
    const before = await letters.list()
    await letters.bury(burial)
    for (const { receipt, redriveInMs } of before) {
      if (redriveInMs === null || receipt.key === burial.receipt.key) continue
      await letters.redrive({ consumer: receipt.consumer, keys: [receipt.key] })
    }
  },
}))

export const takeCommitsAlone: InboxMutation = onLetters((letters, inbox) => ({
  take: (_, receipt) => inbox.transaction((own) => letters.take(own, receipt)),
}))

export const takeWaits: InboxMutation = onLetters((letters) => ({
  async take(tx, receipt) {
    await tx.lock(table, `${receipt.consumer}\u0000${receipt.key}`)
    return letters.take(tx, receipt)
  },
}))

export const nothingComesBackByItself: InboxMutation = onLetters((letters) => ({
  bury: ({ redriveInMs: _, ...burial }) => letters.bury(burial),
}))

export const dryRunsOfRedriveAreReal: InboxMutation = onLetters((letters) => ({
  redrive: (filter, { dryRun: _, ...options } = {}) => letters.redrive(filter, options),
}))

export const redriveIgnoresItsRate: InboxMutation = onLetters((letters) => ({
  redrive: (filter, { perSecond: _, ...options } = {}) => letters.redrive(filter, options),
}))
