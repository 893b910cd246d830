import type { LaneStore } from '@waybill/core/lanes'
import type { LaneTables, StoredRelay } from '../database/lane-tables.ts'
import type { MemoryDatabase } from '../database/memory-database.ts'
import { laneTransaction } from './lane-transaction.ts'
import { epochOf, readPending } from './read-pending.ts'
import { type Schedule, scheduled } from './schedule.ts'
import { publishRows } from './settle-rows.ts'

export interface MemoryLaneStoreOptions {
  /** Awaited before and after each atomic step; for simulations. */
  readonly schedule?: Schedule
  /** How long published messages are kept, in milliseconds; 0 removes them at once. @default 86_400_000 (24 hours) */
  readonly retentionMs?: number
}

/** How long published messages are kept unless told otherwise. */
const defaultRetentionMs = 86_400_000

/** What leased lanes need of a database, in memory. Each method is one atomic step between two points of `schedule`. */
export function memoryLaneStore(database: MemoryDatabase, options: MemoryLaneStoreOptions = {}): Required<LaneStore> {
  const { schedule, retentionMs = defaultRetentionMs } = options
  const { lanes, now } = database
  const leaseUntil = (relay: StoredRelay) => now() + relay.leaseMs
  return {
    name: 'memory',
    tellsEndedWriters: true,
    addRelay: ({ id, label, leaseMs }) =>
      scheduled(schedule, 'addRelay', () =>
        lanes.exclusive((turn) => {
          turn.set(lanes.relays, id, { id, label, leaseMs, leaseUntil: now() + leaseMs, trusted: false, window: [] })
        }),
      ),
    renew: (relayId) =>
      scheduled(schedule, 'renew', () =>
        updateRelay(lanes, relayId, (relay) => ({ ...relay, leaseUntil: leaseUntil(relay) })),
      ),
    async barrier() {
      const last = await scheduled(schedule, 'barrier:last', () => database.lastPosition)
      return { last, writers: await scheduled(schedule, 'barrier:writers', () => openWriters(database)) }
    },
    read: (request) => scheduled(schedule, 'read', () => readPending(database, request)),
    mark: (relayId, window, epoch) =>
      scheduled(schedule, 'mark', () =>
        updateRelay(lanes, relayId, (relay) =>
          epoch === undefined || epoch === epochOf(database)
            ? { ...relay, leaseUntil: leaseUntil(relay), window: [...window] }
            : undefined,
        ),
      ),
    publish: (rows) => scheduled(schedule, 'publish', () => publishRows(database, rows, retentionMs)),
    transaction: (work) =>
      scheduled(schedule, 'transaction', () =>
        lanes.exclusive(async (turn) => {
          const result = await work(laneTransaction(database, turn, schedule))
          await schedule?.('transaction:commit')
          return result
        }),
      ),
  }
}

function updateRelay(
  lanes: LaneTables,
  relayId: string,
  change: (relay: StoredRelay) => StoredRelay | undefined,
): Promise<boolean> {
  return lanes.exclusive((turn) => {
    const relay = lanes.relays.get(relayId)
    const changed = relay && change(relay)
    if (changed !== undefined) turn.set(lanes.relays, relayId, changed)
    return changed !== undefined
  })
}

/** Transactions that have inserted messages and hold their locks, whether their rows are visible by now or not. */
function openWriters(database: MemoryDatabase): string[] {
  return [...database.transactions.values()]
    .filter((transaction) => transaction.insertsMessages)
    .map((transaction) => transaction.id)
}
