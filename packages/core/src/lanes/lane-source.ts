import type { RelaySource } from '../contracts/index.ts'
import type { LaneStore } from './lane-store.ts'

export interface LaneSourceOptions {
  /** Monotonic clock in milliseconds. @default performance.now */
  readonly monotonicNow?: () => number
  /** In [0, 1). @default Math.random */
  readonly random?: () => number
  /** Makes the id of a session. @default crypto.randomUUID */
  readonly sessionId?: () => string
}

/** Makes a relay source of a lane store: everything that is decided about lanes is decided here. */
export declare function laneSource(store: LaneStore, options?: LaneSourceOptions): RelaySource
