import type { FailureSummary } from '@waybill/core/contracts'
import type { MemoryDatabase } from '@waybill/memory'
import type { MessageRecord } from '../history/records.ts'
import { checkDeath, type DeathCircumstances } from '../invariants/death.ts'
import type { Referee } from '../referee.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import { Violation } from '../violation.ts'

type StoredRelay = MemoryDatabase['lanes']['relays'] extends Map<string, infer Row> ? Row : never
type StoredMessage = MemoryDatabase['messages']['dead'] extends Set<infer Stored> ? Stored : never

interface AnnouncedRetry {
  readonly message: MessageRecord
  readonly error: FailureSummary
  readonly from: number
}

/** Looks at the database after each step, and notes what no actor tells: leases, takeovers, deaths, moves of lanes. */
export class Witness {
  crashes = 0
  /** Lanes with messages whose owner was another relay before. */
  moves = 0
  /** No failover and no jump of the clock so far. */
  leasesAreTrue = true
  readonly #database: MemoryDatabase
  readonly #scheduler: Scheduler
  readonly #referee: Referee
  readonly #circumstances: () => DeathCircumstances
  readonly #usedLanes: ReadonlySet<number>
  readonly #live = new Map<string, StoredRelay>()
  /** True time at which each session's last lease ends. */
  readonly #leaseEnds = new Map<string, number>()
  readonly #lastOwners = new Map<number, string>()
  readonly #dead = new Set<StoredMessage>()
  readonly #announced = new Set<AnnouncedRetry>()
  readonly #troubles = new Set<string>()
  #lapsed = 0
  #lanesMayHaveMoved = false
  #committing = false

  constructor(options: {
    readonly database: MemoryDatabase
    readonly scheduler: Scheduler
    readonly referee: Referee
    readonly circumstances: () => DeathCircumstances
    /** Lanes that have messages at some time. */
    readonly usedLanes: ReadonlySet<number>
  }) {
    this.#database = options.database
    this.#scheduler = options.scheduler
    this.#referee = options.referee
    this.#circumstances = options.circumstances
    this.#usedLanes = options.usedLanes
  }

  /** Sessions that ended with something in their window. */
  get lapsed(): number {
    return this.#lapsed
  }

  /** A relay has found that a topic cannot be reached. */
  seesTrouble(relay: string, topic: string): void {
    this.#troubles.add(`${relay} ${topic}`)
  }

  hasBeenInTrouble(relay: string, topic: string): boolean {
    return this.#troubles.has(`${relay} ${topic}`)
  }

  leaseEndsAt(session: string): number | null {
    return this.#leaseEnds.get(session) ?? null
  }

  /** Tells which step of a storage is being taken. */
  storageStep(step: string): void {
    if (step === 'transaction:assign') this.#lanesMayHaveMoved = true
    this.#committing = step === 'transaction:commit'
  }

  look(): void {
    const { lanes, messages } = this.#database
    if (messages.dead.size !== this.#dead.size) this.#lookAtDead()
    this.#lookAtLeases()
    // What an open transaction has written may still be taken back. (Leases are never written in a longer one.) The next
    // one may have begun after a commit, but it has not written yet.
    if (lanes.current !== null && !this.#committing) return
    if (this.#committing) this.#lookAtRetries()
    this.#committing = false
    this.#lookForEnds()
    if (this.#lanesMayHaveMoved) this.#lookAtOwners()
  }

  #lookAtLeases(): void {
    const { relays } = this.#database.lanes
    for (const [id, row] of relays) {
      const known = this.#live.get(id)
      if (known === row) continue
      this.#live.set(id, row)
      if (known?.leaseUntil !== row.leaseUntil) this.#leaseEnds.set(id, this.#scheduler.now + row.leaseMs)
    }
  }

  /** A relay wants to try a message again; `from` counts once that has committed. */
  announceRetry(message: MessageRecord, error: FailureSummary, from: number): void {
    this.#announced.add({ message, error, from })
  }

  #lookAtRetries(): void {
    for (const announced of this.#announced) {
      const { message, error, from } = announced
      const stored = this.#database.messages.withId(message.id)
      if (stored?.lastError !== error) continue
      this.#announced.delete(announced)
      if (stored.status === 'PENDING') message.retryFrom = from
    }
  }

  #lookForEnds(): void {
    const { relays } = this.#database.lanes
    if (this.#live.size === relays.size) return
    for (const [id, row] of this.#live) {
      if (relays.has(id)) continue
      this.#live.delete(id)
      this.#ended(row)
    }
  }

  #ended({ id, window }: StoredRelay): void {
    this.#referee.note(`session ${id} has ended with the window [${window.join(' ')}]`)
    if (window.length > 0) this.#lapsed++
    const [position] = window
    if (window.length !== 1 || position === undefined) return
    const messageId = this.#database.messages.at(position)?.row.message.id
    const message = messageId === undefined ? undefined : this.#referee.history.messages.get(messageId)
    if (message !== undefined) message.endedAlone++
  }

  #lookAtDead(): void {
    const { dead } = this.#database.messages
    for (const stored of this.#dead) if (!dead.has(stored)) this.#resurrected(stored)
    for (const stored of dead) {
      if (this.#dead.has(stored)) continue
      this.#dead.add(stored)
      this.#referee.check(() => {
        const message = this.#referee.history.known(stored.row.message.id)
        this.#referee.note(`'${message.id}' is DEAD: ${stored.deadReason}`)
        message.died = true
        const { attempts, crashes } = stored.row
        const reason = stored.deadReason ?? 'rejected'
        checkDeath({ message, reason, attempts, crashes }, this.#circumstances())
      })
    }
  }

  /** Redriven or discarded. */
  #resurrected(stored: StoredMessage): void {
    this.#dead.delete(stored)
    const { id } = stored.row.message
    const now = this.#database.messages.withId(id)
    this.#referee.check(() => {
      const message = this.#referee.history.known(id)
      if (now === undefined && !message.discardAsked) throw new Violation('no-loss', `the dead '${id}' has vanished`)
      message.discarded = now === undefined
      if (now === undefined) return
      message.redriven++
      message.retryFrom = null
      message.failures = 0
      message.endedAlone = 0
    })
  }

  #lookAtOwners(): void {
    this.#lanesMayHaveMoved = false
    for (const [lane, session] of this.#database.lanes.owners) {
      const relay = session.slice(0, session.indexOf('.'))
      const before = this.#lastOwners.get(lane)
      this.#lastOwners.set(lane, relay)
      if (before !== undefined && before !== relay && this.#usedLanes.has(lane)) this.moves++
    }
  }
}
