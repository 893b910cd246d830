import { randomUUID } from 'node:crypto'
import type { ClaimToken, Message, RelaySource, Settlement } from '@waybill/core/contracts'

/** A row as a hand-written relay reads it. */
export interface NaiveRow {
  readonly position: number
  readonly id: string
  readonly topic: string
  readonly type: string
  readonly ordering_key: string | null
  readonly payload: Uint8Array | string
}

export interface NaiveQueries {
  /** Pending rows that are due, beyond a position, in the order of positions. */
  pending(after: number, limit: number): Promise<readonly NaiveRow[]>
  setPublished(position: number): Promise<void>
  setDead(position: number, reason: string): Promise<void>
  close(): Promise<void>
}

interface Token {
  readonly position: number
}

/**
 * What somebody would write by hand: reads pending rows after the last position that it has read, and begins again when it
 * finds nothing. It knows neither open writers nor leases.
 */
export function naiveSource(queries: NaiveQueries): RelaySource {
  let floor = 0
  const inHand = new Set<number>()
  return {
    specificationVersion: 'v1',
    name: 'naive',
    async join() {
      return { id: randomUUID() }
    },
    leave: () => queries.close(),
    async claim(_session, { limit }) {
      let rows = await queries.pending(floor, limit)
      if (rows.length === 0) rows = await queries.pending(0, limit)
      const found = rows.filter(({ position }) => !inHand.has(position))
      floor = Number(rows.at(-1)?.position ?? 0)
      for (const { position } of found) inHand.add(position)
      const messages = found.map((row) => {
        const token: Token = { position: row.position }
        return { message: messageOf(row), token, attempt: 1, crashes: 0, suspect: false, expired: false }
      })
      return { messages, more: rows.length === limit, nextDueInMs: null, anomalies: 0 }
    },
    async markPublishing() {
      return { lost: [] }
    },
    async renew() {
      return { held: true }
    },
    async settle(_session, settlements) {
      for (const settlement of settlements) await settleOne(queries, settlement)
      for (const { token } of settlements) inHand.delete(positionOf(token))
      return { lost: [] }
    },
  }
}

async function settleOne({ setPublished, setDead }: NaiveQueries, settlement: Settlement): Promise<void> {
  const position = positionOf(settlement.token)
  if (settlement.type === 'published') await setPublished(position)
  if (settlement.type === 'dead') await setDead(position, settlement.reason)
}

function positionOf(token: ClaimToken): number {
  return (token as Token).position
}

function messageOf({ id, topic, type, ordering_key: key, payload }: NaiveRow): Message {
  return {
    id,
    topic,
    type,
    payload: typeof payload === 'string' ? new TextEncoder().encode(payload) : payload,
    contentType: 'application/json',
    headers: {},
    ...(key === null ? {} : { orderingKey: key }),
    schemaVersion: 1,
    createdAt: 0,
  }
}

/** The statements, which both databases understand. Their parameters stand in the order of their numbers. */
export const statements = {
  pending: `select position, id, topic, type, ordering_key, payload from waybill_messages
    where status = 'PENDING' and position > $1 and (available_at is null or available_at <= $2)
    order by position limit $3`,
  setPublished: `update waybill_messages set status = 'PUBLISHED', published_at = $1
    where position = $2 and status = 'PENDING'`,
  setDead: `update waybill_messages set status = 'DEAD', died_at = $1, dead_reason = $2, last_error = '{}'
    where position = $3 and status = 'PENDING'`,
} as const
