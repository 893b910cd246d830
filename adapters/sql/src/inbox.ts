import type { InboxStorage } from '@waybill/core/contracts'
import type { SqlContext } from './dialect.ts'
import { sqlCommands } from './inbox/commands.ts'
import { sqlCrashMarks } from './inbox/crash-marks.ts'
import { sqlInboxDeadLetters } from './inbox/dead-letters.ts'
import type { InboxParts } from './inbox/parts.ts'
import { crashesByTime, prune, receiptsByTime } from './inbox/prune.ts'
import { recordReceipts } from './inbox/record.ts'
import { sqlTransitions } from './inbox/transitions.ts'

/** What every SQL inbox has. */
export type SqlInbox<Tx> = Required<InboxStorage<Tx>>

export function sqlInbox<Tx>(context: SqlContext, parts: InboxParts<Tx>): SqlInbox<Tx> {
  const record = recordReceipts(context, parts.server)
  return {
    specificationVersion: 'v1',
    name: parts.name,
    record: async (tx, receipts) => record(parts.within(tx), receipts),
    async prune(options) {
      const removed = await prune(context, parts.executor, receiptsByTime, options)
      await prune(context, parts.executor, crashesByTime, options)
      return removed
    },
    crashes: sqlCrashMarks(context, parts),
    deadLetters: sqlInboxDeadLetters(context, parts),
    commands: sqlCommands(context, parts),
    transitions: sqlTransitions(context, parts),
  }
}
