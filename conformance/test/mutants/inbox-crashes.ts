import type { CrashMarks, Receipt } from '@waybill/core/contracts'
import type { MemoryTransaction } from '@waybill/memory'
import type { InboxMutation } from '../memory.ts'

type Marks = CrashMarks<MemoryTransaction>

const onMarks =
  (change: (marks: Marks) => Partial<Marks>): InboxMutation =>
  ({ crashes }) => ({ crashes: { ...crashes, ...change(crashes) } })

export const latestBeginningComesFirst: InboxMutation = onMarks((marks) => ({
  list: async (receipt) => (await marks.list(receipt)).toReversed(),
}))

export const listIsABeginning: InboxMutation = onMarks((marks) => ({
  async list(receipt) {
    const before = await marks.list(receipt)
    if (before.length === 0) await marks.begin(receipt, 'looked at')
    return before
  },
}))

let calls = 0
export const everyCallIsABeginning: InboxMutation = onMarks((marks) => ({
  begin: (receipt, beginning) => marks.begin(receipt, `${beginning} ${++calls}`),
  async withdraw(receipt, beginning) {
    const own = (await marks.list(receipt)).findLast((name) => name.startsWith(`${beginning} `))
    if (own !== undefined) await marks.withdraw(receipt, own)
  },
  list: async (receipt) => (await marks.list(receipt)).map((name) => name.replace(/ \d+$/, '')),
}))

let processes = 0
export const everyProcessHasItsMarks: InboxMutation = onMarks((marks) => {
  const process = ++processes
  const own = ({ consumer, key }: Receipt) => ({ consumer: `${process} ${consumer}`, key })
  return {
    list: (receipt) => marks.list(own(receipt)),
    begin: (receipt, beginning) => marks.begin(own(receipt), beginning),
    withdraw: (receipt, beginning) => marks.withdraw(own(receipt), beginning),
    end: (tx, receipt) => marks.end(tx, own(receipt)),
    forget: (receipt) => marks.forget(own(receipt)),
  }
})

export const withdrawTakesThemAll: InboxMutation = onMarks((marks) => ({
  withdraw: (receipt) => marks.forget(receipt),
}))

export const withdrawTakesTheOldest: InboxMutation = onMarks((marks) => ({
  async withdraw(receipt) {
    const [oldest] = await marks.list(receipt)
    if (oldest !== undefined) await marks.withdraw(receipt, oldest)
  },
}))

export const endCommitsAlone: InboxMutation = onMarks((marks) => ({
  end: (_, receipt) => marks.forget(receipt),
}))

export const endMissesItsBeginning: InboxMutation = onMarks((marks) => ({
  async end(tx, receipt) {
    if ((await marks.list(receipt)).length === 0) throw new RangeError('nothing has begun')
    return marks.end(tx, receipt)
  },
}))

export const onlyTheLatestBeginningIsForgotten: InboxMutation = onMarks((marks) => ({
  async forget(receipt) {
    const latest = (await marks.list(receipt)).at(-1)
    if (latest !== undefined) await marks.withdraw(receipt, latest)
  },
}))

export const everyMarkIsPrunedByItself: InboxMutation = ({ database, prune }) => ({
  async prune(options) {
    const marks = database.read('waybill.inbox_crashes') as ReadonlyMap<string, Map<string, number>>
    const old = (begun: number) => begun <= database.now() - options.olderThanMs
    for (const own of marks.values()) for (const [name, begun] of own) if (old(begun)) own.delete(name)
    return prune(options)
  },
})

export const pruneCountsMarks: InboxMutation = (inbox) => ({
  async prune(options) {
    const before = inbox.database.read('waybill.inbox_crashes').size
    const receipts = await inbox.prune(options)
    return receipts + before - inbox.database.read('waybill.inbox_crashes').size
  },
})
