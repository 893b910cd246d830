import type { ReceiptOutcome } from '@waybill/core/contracts'
import type { InboxMutation } from '../memory.ts'

export const outcomesAreInKeyOrder: InboxMutation = (inbox) => ({
  record: (tx, receipts) =>
    inbox.record(
      tx,
      receipts.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    ),
})

let processes = 0
export const everyProcessHasItsReceipts: InboxMutation = (inbox) => {
  const process = ++processes
  return {
    record: (tx, receipts) =>
      inbox.record(
        tx,
        receipts.map(({ consumer, key }) => ({ consumer, key: `${process} ${key}` })),
      ),
  }
}

export const receiptsCommitAlone: InboxMutation = (inbox) => ({
  record: (_, receipts) => inbox.transaction((own) => inbox.record(own, receipts)),
})

export const equalReceiptsOfACallAreNew: InboxMutation = (inbox) => ({
  async record(tx, receipts) {
    const outcomes = await inbox.record(tx, receipts)
    return receipts.map(({ key }) => outcomes[receipts.findIndex((receipt) => receipt.key === key)] ?? 'recorded')
  },
})

export const consumersShareReceipts: InboxMutation = (inbox) => ({
  record: (tx, receipts) =>
    inbox.record(
      tx,
      receipts.map(({ key }) => ({ consumer: 'all', key })),
    ),
})

export const receiptKeysIgnoreCase: InboxMutation = (inbox) => ({
  record: (tx, receipts) =>
    inbox.record(
      tx,
      receipts.map(({ consumer, key }) => ({ consumer, key: key.toLowerCase() })),
    ),
})

export const noReceiptsIsASyntaxError: InboxMutation = (inbox) => ({
  async record(tx, receipts) {
    if (receipts.length === 0) throw new SyntaxError('near ")": syntax error')
    return inbox.record(tx, receipts)
  },
})

export const recordOpensATransactionIfNeeded: InboxMutation = (inbox) => ({
  record: (tx, receipts) =>
    tx.open ? inbox.record(tx, receipts) : inbox.transaction((own) => inbox.record(own, receipts)),
})

export const openTransactionsCountAsCommitted: InboxMutation = (inbox) => ({
  async record(tx, receipts) {
    return inbox.database.transactions.size > 1 ? receipts.map(() => 'duplicate') : inbox.record(tx, receipts)
  },
})

export const receiptsAreWrittenAsTheyCome: InboxMutation = (inbox) => ({
  async record(tx, receipts) {
    const outcomes: ReceiptOutcome[] = []
    for (const receipt of receipts) outcomes.push(...(await inbox.record(tx, [receipt])))
    return outcomes
  },
})

export const receiptPruneCountsOneBatch: InboxMutation = (inbox) => ({
  prune: async (options) => Math.min(await inbox.prune(options), options.batchSize ?? 1000),
})

export const receiptPruneIgnoresTheAge: InboxMutation = (inbox) => ({
  prune: (options) => inbox.prune({ ...options, olderThanMs: 0 }),
})

export const namelessInbox: InboxMutation = () => ({ name: '' })
