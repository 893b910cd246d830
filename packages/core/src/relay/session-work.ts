import {
  type ClaimedMessage,
  type FailureSummary,
  orderingScope,
  type RelaySession,
  WaybillError,
} from '../contracts/index.ts'
import type { TypedEvents } from '../events/typed-events.ts'
import { asError } from './as-error.ts'
import { Circuits } from './circuits.ts'
import type { RelayEvents } from './events.ts'
import { Lease } from './lease.ts'
import type { ResolvedRelayOptions } from './options.ts'
import type { Poller } from './poller.ts'
import { SettleQueue } from './settle-queue.ts'

/** Why a session's work has ended. */
export type Ending =
  | { readonly type: 'closed' }
  /** Nothing is due any more; only when asked to end then. */
  | { readonly type: 'drained' }
  | { readonly type: 'lost' }
  | { readonly type: 'broker-unavailable'; readonly error: FailureSummary }
  | { readonly type: 'failed'; readonly error: Error }

export interface SessionSetup {
  readonly options: ResolvedRelayOptions
  readonly session: RelaySession
  /** Monotonic time from before the session was opened. */
  readonly joinedAt: number
  readonly poller: Poller
  readonly events: TypedEvents<RelayEvents>
  readonly endWhenDrained: boolean
}

/** A drain has somebody who waits for it: it settles no longer than some seconds. */
const attemptsOfDrain = 7

/** What the stages of a session share: its lease, circuits and settlements, and its end. */
export class SessionWork {
  readonly options: ResolvedRelayOptions
  readonly session: RelaySession
  readonly poller: Poller
  readonly events: TypedEvents<RelayEvents>
  readonly endWhenDrained: boolean
  readonly lease: Lease
  readonly circuits: Circuits
  readonly settling: SettleQueue
  /** A batch is being published. */
  publishing = false
  /** Another batch is in hand, or being claimed. */
  following = false
  #ending: Ending | null = null
  #isLost = false
  #waiting: (() => void)[] = []

  constructor(setup: SessionSetup) {
    const { options, session, events } = setup
    this.options = options
    this.session = session
    this.poller = setup.poller
    this.events = events
    this.endWhenDrained = setup.endWhenDrained
    const { leaseMs, leaseMarginMs: marginMs, runtime, storage: source } = options
    const onError = (error: unknown) => this.report(error)
    const onLost = () => this.end({ type: 'lost' })
    this.circuits = new Circuits(runtime.now, {
      opened: (topic, error, probeInMs) => events.emit('circuitOpened', { topic, error, probeInMs }),
      closed: (topic) => events.emit('circuitClosed', { topic }),
    })
    this.lease = new Lease({ source, session, leaseMs, marginMs, runtime, onLost, onError }, setup.joinedAt)
    this.settling = new SettleQueue({
      source,
      session,
      runtime,
      onError,
      onLost,
      moreComes: () => this.following,
      onChange: () => this.wake(),
      onFailed: (error) => this.end({ type: 'failed', error: asError(error) }),
      attemptsAtMost: setup.endWhenDrained ? attemptsOfDrain : Number.POSITIVE_INFINITY,
    })
  }

  get ending(): Ending | null {
    return this.#ending
  }

  /** The first reason to end counts. That the lease was lost is told also when it comes later. */
  end(ending: Ending): void {
    this.#ending ??= ending
    if (ending.type === 'lost' && !this.#isLost) {
      this.#isLost = true
      this.settling.giveUp()
      this.events.emit('leaseLost', { session: this.session.id })
    }
    this.wake()
  }

  /** Waits until the condition holds or the session ends. */
  async until(condition: () => boolean): Promise<void> {
    while (this.#ending === null && !condition()) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** Something that {@link until} may wait for has changed. */
  wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  /** No batch follows: failures have nothing to wait for. */
  nothingFollows(): void {
    this.following = false
    this.settling.hurry()
  }

  report(error: unknown): void {
    this.events.emit('error', asError(error))
  }

  /**
   * An error after which trying again is of no use ends the session, and so does any in a drain, which has no interval to
   * wait for. Answers whether it has ended.
   */
  endIfFinal(error: unknown): boolean {
    const final = this.endWhenDrained || (WaybillError.isInstance(error) && !error.retryable)
    if (final) this.end({ type: 'failed', error: asError(error) })
    return final
  }

  /** Nothing of its key may be handed on: an earlier message was not accepted and that is not settled yet. */
  isDying(claimed: ClaimedMessage): boolean {
    return !this.settling.dying.isEmpty && this.settling.dying.has(orderingScope(claimed.message))
  }

  /** Gives messages back as they were. */
  release(messages: readonly ClaimedMessage[]): void {
    this.settling.add(messages.map((claimed) => ({ claimed, settlement: { type: 'release', token: claimed.token } })))
  }
}
