import type { Message, PublishOutcome } from '@waybill/core/contracts'

// What the relay's process and ours say to each other, over the channel that Node opens to a child process.

export type FromRelay =
  | { readonly type: 'ready' }
  | { readonly type: 'publish'; readonly call: number; readonly messages: readonly Message[] }

export type ToRelay =
  | { readonly type: 'outcomes'; readonly call: number; readonly outcomes: readonly PublishOutcome[] }
  | { readonly type: 'stop' }

/** What a relay needs to know. Travels as its only argument. */
export interface RelayTask {
  /** The shop's database. */
  readonly file: string
  readonly leaseMs: number
}
