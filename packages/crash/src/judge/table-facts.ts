import type { Fate } from '../fates.ts'
import type { CommittedMessage, Evidence, FinalRow } from './evidence.ts'

/** Reasons that a message of a fate may die of. Any may die of the crashes of relays. */
const reasons: Readonly<Partial<Record<Fate, string>>> = { doomed: 'rejected', expiring: 'expired' }

/** What is wrong in the tables when all relays have left, one line each; the ids of messages that nobody has finished. */
export interface TableFacts {
  readonly unfinished: readonly string[]
  readonly wrong: readonly string[]
}

export function checkTables(evidence: Evidence): TableFacts {
  const committed = new Map(evidence.committed.map((message) => [message.id, message]))
  const unfinished = evidence.rows.filter(({ status }) => status === 'PENDING').map(({ id }) => id)
  return {
    unfinished,
    wrong: [
      ...rowsWithoutCommit(evidence, committed),
      ...missingRows(evidence),
      ...evidence.rows.flatMap((row) => wrongDeath(row, committed.get(row.id))),
      ...evidence.redriven.flatMap(({ id, reason }) => wrongReason(id, reason, committed.get(id))),
      ...wrongLeftovers(evidence),
    ],
  }
}

function rowsWithoutCommit({ rows }: Evidence, committed: ReadonlyMap<string, unknown>): readonly string[] {
  return rows.filter(({ id }) => !committed.has(id)).map(({ id }) => `${id} stands in the outbox and never committed`)
}

/** A row may only be gone if published rows are not kept; that it was published, the search for lost messages checks. */
function missingRows({ committed, rows, rowsKept }: Evidence): readonly string[] {
  if (!rowsKept) return []
  const present = new Set(rows.map(({ id }) => id))
  return committed.filter(({ id }) => !present.has(id)).map(({ id }) => `${id} is gone, although rows are kept`)
}

function wrongDeath(row: FinalRow, message: CommittedMessage | undefined): readonly string[] {
  if (row.status !== 'DEAD' || message === undefined) return []
  const { id, fate } = message
  if (row.deadReason === null) return [`${id} is DEAD without a reason`]
  const isInnocent = reasons[fate] === undefined && fate !== 'bomb'
  if (isInnocent) return [`${id} is DEAD (${row.deadReason}), and its fate is ${fate}`]
  return wrongReason(id, row.deadReason, message)
}

function wrongReason(id: string, reason: string, message: CommittedMessage | undefined): readonly string[] {
  if (message === undefined || reason === 'crashes' || reasons[message.fate] === reason) return []
  return [`${id} died (${reason}), and its fate is ${message.fate}`]
}

function wrongLeftovers({ leftovers }: Evidence): readonly string[] {
  const { holds, suspects, ownedLanes, lanes } = leftovers
  const expected = [
    [holds, 'holds are left'],
    [suspects, 'suspects are left'],
    [ownedLanes, 'lanes belong to somebody'],
  ] as const
  const wrong = expected.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  return lanes === 64 ? wrong : [...wrong, `there are ${lanes} lanes`]
}
