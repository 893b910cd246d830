import type { DeadReason } from '@waybill/core/contracts'

/** What the broker and its clients make of a message, whatever the relay does. */
export type Nature =
  | 'plain'
  /** Kills the process that publishes it. */
  | 'bomb'
  /** Its publish call never answers. */
  | 'hang'
  /** The broker rejects it each time. */
  | 'poison'
  /** The broker rejects it for good. */
  | 'fatal'

/** A producer's transaction, as the producer knows it. */
export interface TransactionRecord {
  readonly name: string
  /** A failover may forget it until a durable commit follows. */
  readonly durable: boolean
  state: 'open' | 'committed' | 'rolled-back' | 'forgotten'
  /** Tick of the history; Infinity while it has not committed. */
  committedAt: number
  readonly messages: MessageRecord[]
}

export interface MessageFacts {
  readonly id: string
  readonly topic: string
  /** Topic and key. */
  readonly scope: string
  readonly nature: Nature
  /** Earliest times at which its `availableAt` can lie, and the latest; the database's clock. */
  readonly available: { from: number; by: number } | null
  readonly expiresAt: number | null
  readonly maxAttempts: number
  /** Bytes of the payload, as text. */
  readonly payload: string
}

/** One message, as producers, broker and consumers saw it. */
export interface MessageRecord extends MessageFacts {
  readonly transaction: TransactionRecord
  /** Tick at which the call began that enqueued it. */
  readonly enqueuedAt: number
  readonly enqueuedDbTime: number
  /** Tick of the first acceptance; Infinity before. */
  firstAcceptedAt: number
  acceptances: number
  /** It has been DEAD at least once: order no longer speaks of it. */
  died: boolean
  /** The operator has asked for it. */
  discardAsked: boolean
  discarded: boolean
  redriven: number
  /** The broker has said no for good. */
  refused: boolean
  /** Earliest time of its next attempt by a retry that has committed; the database's clock. */
  retryFrom: number | null
  /** Outcomes since the last redrive that spend an attempt. */
  failures: number
  /** Relays that ended while they were publishing it alone, since the last redrive. */
  endedAlone: number
}

export interface Death {
  readonly message: MessageRecord
  readonly reason: DeadReason
  readonly attempts: number
  readonly crashes: number
}
