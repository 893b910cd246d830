import type { CrashMarks, Receipt } from '@waybill/core/contracts'
import type { MemoryTransaction } from '@waybill/memory'
import type { InboxMutation } from '../memory.ts'

type Marks = CrashMarks<MemoryTransaction>

const onMarks =
  (change: (marks: Marks) => Partial<Marks>): InboxMutation =>
  ({ crashes }) => ({ crashes: { ...crashes, ...change(crashes) } })

export const beginAnswersThoseBefore: InboxMutation = onMarks((marks) => ({
  begin: async (receipt) => (await marks.begin(receipt)) - 1,
}))

let processes = 0
export const everyProcessHasItsMarks: InboxMutation = onMarks((marks) => {
  const process = ++processes
  const own = ({ consumer, key }: Receipt) => ({ consumer: `${process} ${consumer}`, key })
  return {
    count: (receipt) => marks.count(own(receipt)),
    begin: (receipt) => marks.begin(own(receipt)),
    end: (tx, receipt) => marks.end(tx, own(receipt)),
    forget: (receipt) => marks.forget(own(receipt)),
  }
})

export const endCommitsAlone: InboxMutation = onMarks((marks) => ({
  end: (_, receipt) => marks.forget(receipt),
}))

export const endMissesItsBeginning: InboxMutation = onMarks((marks) => ({
  async end(tx, receipt) {
    if ((await marks.count(receipt)) === 0) throw new RangeError('nothing has begun')
    return marks.end(tx, receipt)
  },
}))

export const onlyTheLatestBeginningIsForgotten: InboxMutation = onMarks((marks) => ({
  async forget(receipt) {
    const before = await marks.count(receipt)
    await marks.forget(receipt)
    for (let kept = 1; kept < before; kept++) await marks.begin(receipt)
  },
}))

export const pruneCountsMarks: InboxMutation = (inbox) => ({
  async prune(options) {
    const before = inbox.database.read('waybill.inbox_crashes').size
    const receipts = await inbox.prune(options)
    return receipts + before - inbox.database.read('waybill.inbox_crashes').size
  },
})
