import type { OperationOptions } from './operation-options.ts'

/** A change of the state of one entity of one machine. */
export interface Transition {
  /** Name of the state machine, for example `order`. */
  readonly machine: string
  /** Identity of what changes state. */
  readonly entity: string
  /** `null`: it has had no state so far. */
  readonly from: string | null
  readonly to: string
  /** Why, for those who read the log. */
  readonly reason?: string
}

export interface RecordedTransition extends Transition {
  /** 1 for the entity's first; without gaps. */
  readonly sequence: number
  /** Milliseconds since the epoch, database's clock. */
  readonly at: number
}

export type TransitionOutcome =
  | { readonly type: 'appended'; readonly sequence: number }
  /** The entity is not in `from`: somebody was faster, or the caller is mistaken. Nothing was written. */
  | { readonly type: 'conflict'; readonly current: string | null }

/** An append-only log of states, written in the transaction of the change. Rules: `transition/*`. */
export interface TransitionLog<in Tx> {
  /**
   * Appends if the entity is in `from`, as this transaction sees it (`transition/refuses-another-state`).
   *
   * Of two transactions that move an entity at the same time one appends; the other waits and gets `conflict`, or appends if
   * the first rolled back; its transaction stays usable (`transition/one-of-two-moves`). At `repeatable read` and above it
   * may reject with `STORAGE_CONFLICT` instead.
   */
  append(tx: Tx, transition: Transition): Promise<TransitionOutcome>
  /** Oldest first. */
  history(machine: string, entity: string, options?: OperationOptions): Promise<readonly RecordedTransition[]>
}
