import { type MessageInspection, type Obstacle, orderingScope } from '@waybill/core/contracts'
import type { RelayRecord } from '@waybill/core/lanes'
import type { MemoryDatabase } from '../database/memory-database.ts'
import { availableAtOf, type StoredMessage } from '../database/stored-message.ts'
import { relayRecord } from './lane-transaction.ts'

/** Everything an operator asks about one message. */
export function inspectMessage(database: MemoryDatabase, id: string): MessageInspection | null {
  const stored = database.messages.withId(id)
  if (stored === undefined) return null
  const { message, position, lane, attempts } = stored.row
  const suspect = database.lanes.suspects.get(position)
  const owner = ownerOf(database, lane)
  const processing = stored.status === 'PENDING' && owner?.expired === false && owner.window.includes(position)
  const status = processing ? 'PROCESSING' : stored.status
  return {
    message,
    status,
    attempts,
    crashes: suspect?.crashes ?? stored.row.crashes,
    suspect: suspect !== undefined,
    lane,
    owner: owner === null ? null : { label: owner.label, session: owner.id },
    obstacles: status === 'PENDING' ? obstaclesOf(database, stored, owner) : [],
    lastError: stored.lastError,
  }
}

/** Relays whose lease has not ended. */
export function liveRelays({ lanes, now }: MemoryDatabase): RelayRecord[] {
  return [...lanes.relays.values()].map((relay) => relayRecord(relay, now())).filter((relay) => !relay.expired)
}

function ownerOf({ lanes, now }: MemoryDatabase, lane: number): RelayRecord | null {
  const relay = lanes.relays.get(lanes.owners.get(lane) ?? '')
  return relay === undefined ? null : relayRecord(relay, now())
}

function obstaclesOf(database: MemoryDatabase, stored: StoredMessage, owner: RelayRecord | null): Obstacle[] {
  const obstacles: Obstacle[] = []
  const dueInMs = (stored.row.message.availableAt ?? 0) - database.now()
  if (dueInMs > 0) obstacles.push({ type: 'scheduled', dueInMs })
  const held = heldBy(database, stored)
  if (held !== null) obstacles.push(held)
  const earlier = earlierOfKey(database, stored)
  if (earlier !== null) obstacles.push({ type: 'behind', messageId: earlier })
  if (owner?.expired !== false) obstacles.push({ type: 'no-relay' })
  return obstacles
}

function heldBy({ lanes, messages, now }: MemoryDatabase, stored: StoredMessage): Obstacle | null {
  const hold = lanes.holds.get(orderingScope(stored.row.message))
  const head = hold && messages.at(hold.head)
  if (hold === undefined || head?.status !== 'PENDING' || hold.dueAt <= now()) return null
  return { type: 'held', by: head.row.message.id, dueInMs: hold.dueAt - now() }
}

function earlierOfKey({ messages, now }: MemoryDatabase, stored: StoredMessage): string | null {
  const scope = orderingScope(stored.row.message)
  let earlier: string | null = null
  const visit = (other: StoredMessage) => {
    if (other.row.position >= stored.row.position) return false
    if (orderingScope(other.row.message) === scope) earlier = other.row.message.id
    return earlier === null
  }
  messages.fallDue(now())
  messages.pending.scan(() => true, visit)
  if (earlier === null) messages.due.scan(() => true, visit)
  return earlier
}

/** How long the oldest message that is due has been waiting, in milliseconds. */
export function oldestPendingAgeMs({ messages, now }: MemoryDatabase): number | null {
  const at = now()
  messages.fallDue(at)
  // Without a schedule, the lowest position is the oldest.
  let oldest = messages.pending.first()?.insertedAt ?? Number.POSITIVE_INFINITY
  messages.due.scan(
    () => true,
    (stored) => {
      oldest = Math.min(oldest, Math.max(stored.insertedAt, availableAtOf(stored)))
      return true
    },
  )
  return oldest === Number.POSITIVE_INFINITY ? null : at - oldest
}
