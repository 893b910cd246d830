import type { Acceptance } from '../src/broker/broker.ts'
import type { RelayLife } from '../src/crew/history.ts'
import type { Fate } from '../src/fates.ts'
import type { CommittedMessage, Evidence, FinalRow } from '../src/judge/evidence.ts'

export const life: RelayLife = {
  label: 'r',
  startedAt: 0,
  endedAt: 100_000,
  end: 'left',
  pauses: [],
  leasesLostAt: [],
  unanswered: new Map(),
  refusals: [],
}
const nothingLeft = { holds: 0, suspects: 0, ownedLanes: 0, lanes: 64 }

interface Written {
  readonly fate?: Fate
  readonly key?: string | null
  readonly dueAt?: number
  readonly beganAt?: number
}

export function committed(
  id: string,
  sequence: number,
  { fate = 'plain', key = 'k', dueAt, beganAt = 0 }: Written = {},
): CommittedMessage {
  return { id, topic: 't', key, sequence, fate, beganAt, dueAt: dueAt ?? null }
}

export function accepted(message: CommittedMessage, at = 0, relay = 'r'): Acceptance {
  const { id, topic, key, sequence, fate } = message
  return { id, topic, key, payload: JSON.stringify({ key, sequence, fate }), relay, at }
}

export function row(id: string, status: FinalRow['status'] = 'PUBLISHED', deadReason: string | null = null): FinalRow {
  return { id, status, deadReason, attempts: 0 }
}

const [a, b, c] = [committed('a', 1), committed('b', 2), committed('c', 3)]

export function evidence(changes: Partial<Evidence> = {}): Evidence {
  return {
    committed: [a, b, c],
    accepted: [accepted(a), accepted(b), accepted(c)],
    rows: [row('a'), row('b'), row('c')],
    rowsKept: true,
    leftovers: nothingLeft,
    redriven: [],
    effects: null,
    orderedTopics: ['t'],
    lives: [life],
    leaseMs: 1000,
    refusesInPart: false,
    ...changes,
  }
}
