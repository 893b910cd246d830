import { orderingScope } from '@waybill/core/contracts'
import { type LaneRead, type LaneReadResult, type LaneRow, laneCount } from '@waybill/core/lanes'
import type { MemoryDatabase } from '../database/memory-database.ts'
import type { SortedList } from '../database/sorted-list.ts'
import { availableAtOf, type StoredMessage } from '../database/stored-message.ts'

type Filter = (row: LaneRow) => boolean

/** The read of a claim: one snapshot. */
export function readPending(database: MemoryDatabase, request: LaneRead): LaneReadResult {
  const { messages } = database
  const now = database.now()
  messages.fallDue(now)
  const wanted = filterOf(request)
  const window = { wanted, limit: request.limit, upTo: request.upTo ?? Number.POSITIVE_INFINITY }
  const rows = take(messages.pending, { ...window, after: request.after })
  const due = request.upTo === null ? take(messages.due, { ...window, after: Number.NEGATIVE_INFINITY }) : []
  const merged = due.length === 0 ? rows : merge(rows, due, request.limit)
  return {
    rows: merged.some(expires) ? merged.map((row) => withExpiry(row, now)) : merged,
    now,
    endedWriters: request.watch.filter((id) => !database.transactions.get(id)?.open),
    nextAvailableAt: merged.length < request.limit ? nextAvailableAt(messages.scheduled, request) : null,
    epoch: epochOf(database),
  }
}

interface Window {
  readonly wanted: Filter
  readonly after: number
  readonly upTo: number
  readonly limit: number
}

function take(list: SortedList<StoredMessage>, { wanted, after, upTo, limit }: Window): LaneRow[] {
  const rows: LaneRow[] = []
  if (limit <= 0) return rows
  list.scan(
    (stored) => stored.row.position > after,
    ({ row }) => {
      if (row.position > upTo) return false
      if (wanted(row)) rows.push(row)
      return rows.length < limit
    },
  )
  return rows
}

function merge(rows: readonly LaneRow[], due: readonly LaneRow[], limit: number): LaneRow[] {
  return [...rows, ...due].sort((left, right) => left.position - right.position).slice(0, limit)
}

function filterOf(request: LaneRead): Filter {
  const lanes = lanesWanted(request.lanes)
  const excluded = new Set(request.exclude)
  const skipped = new Set(request.skipTopics)
  const keys = new Set(request.skipKeys.map(({ topic, key }) => orderingScope({ topic, orderingKey: key, id: key })))
  const { onlyTopic } = request
  return (row) =>
    lanes[row.lane] === true &&
    !excluded.has(row.position) &&
    (onlyTopic === null || row.message.topic === onlyTopic) &&
    (skipped.size === 0 || !skipped.has(row.message.topic)) &&
    (keys.size === 0 || !keys.has(orderingScope(row.message)))
}

function lanesWanted(lanes: readonly number[] | null): readonly boolean[] {
  const wanted = new Array<boolean>(laneCount).fill(lanes === null)
  for (const lane of lanes ?? []) wanted[lane] = true
  return wanted
}

function expires(row: LaneRow): boolean {
  return row.message.expiresAt !== undefined
}

function withExpiry(row: LaneRow, now: number): LaneRow {
  return row.message.expiresAt !== undefined && row.message.expiresAt <= now ? { ...row, expired: true } : row
}

function nextAvailableAt(scheduled: SortedList<StoredMessage>, request: LaneRead): number | null {
  const lanes = lanesWanted(request.lanes)
  let next: number | null = null
  scheduled.scan(
    () => true,
    (stored) => {
      if (lanes[stored.row.lane] === true) next = availableAtOf(stored)
      return next === null
    },
  )
  return next
}

/** As {@link LaneReadResult.epoch}. */
export function epochOf({ epoch }: MemoryDatabase): string {
  return `memory-${epoch}`
}
