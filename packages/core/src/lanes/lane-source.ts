import type { RelaySession, RelaySource } from '../contracts/index.ts'
import { claim } from './claim.ts'
import type { InFlight } from './in-flight.ts'
import type { LaneStore } from './lane-store.ts'
import { evict } from './membership.ts'
import { LaneSession } from './session.ts'
import { settle } from './settle.ts'

export interface LaneSourceOptions {
  /** Monotonic clock in milliseconds. @default performance.now */
  readonly monotonicNow?: () => number
  /** Makes the id of a session; never the same twice. @default crypto.randomUUID */
  readonly sessionId?: () => string
}

/** A relay source over a lane store. */
export type LaneSource = Omit<RelaySource, 'wakeups'>

/**
 * Makes a relay source of a lane store: everything that is decided about lanes is decided here, once for all databases.
 *
 * Relays lease lanes, as consumers lease a log's partitions, and read them in position order without locking or writing
 * rows. A failure holds a key; a crash leaves a window of suspects; a floor lets claims skip what is settled.
 * `docs/architecture/leased-lanes.md` has the rules, `packages/simulation` shows what breaks without each.
 */
export function laneSource(store: LaneStore, options: LaneSourceOptions = {}): LaneSource {
  const now = options.monotonicNow ?? (() => performance.now())
  const sessionId = options.sessionId ?? (() => crypto.randomUUID())
  return {
    specificationVersion: 'v1',
    name: store.name,
    async join({ label, leaseMs }) {
      const session = new LaneSession({ id: sessionId(), label, leaseMs, now })
      await store.addRelay(session)
      return session
    },
    async leave(session) {
      const own = ownSession(session)
      if (own.ended) return
      await store.transaction(async (tx) => {
        const relay = (await tx.relays()).find(({ id }) => id === own.id)
        if (relay !== undefined) await evict(tx, relay, own.leaseMs)
      })
      own.ended = true
    },
    async claim(session, request, operation) {
      operation?.signal?.throwIfAborted()
      return claim(store, ownSession(session), request)
    },
    async markPublishing(session, tokens) {
      const own = ownSession(session)
      const rows = tokens as readonly InFlight[]
      const { epoch } = own
      const held = await own.inWindowOrder(async () => {
        // While it waited for its turn, a claim may have met another history: of that, the tokens know nothing.
        if (own.ended) return false
        // What has been settled since the call was made, or is given back, is no longer in anybody's hands.
        const window = rows.filter((row) => !row.settled).map((row) => row.position)
        for (const position of window) own.window.add(position)
        const marked = await store.mark(own.id, window, epoch ?? undefined)
        own.window = new Set(window)
        return marked
      })
      own.ended ||= !held
      return { lost: own.ended ? tokens : [] }
    },
    async renew(session) {
      const own = ownSession(session)
      own.ended ||= !(await store.renew(own.id))
      return { held: !own.ended }
    },
    settle: (session, settlements) => settle(store, ownSession(session), settlements),
  }
}

function ownSession(session: RelaySession): LaneSession {
  if (session instanceof LaneSession) return session
  throw new TypeError('The session was opened by another storage')
}
