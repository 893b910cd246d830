import type { Delivery, Disposition, InboxDeadLetter, Message } from '../contracts/index.ts'

/** A message to be handled: of a delivery, or of a dead letter that has come back. */
export interface Job<Tx> {
  /** What the handler gets. */
  readonly message: Message
  /** What is kept of it if it is given up. */
  readonly origin: Pick<Delivery, 'message' | 'raw' | 'source'>
  /** Fires when it is no longer ours. */
  readonly signal: AbortSignal
  /** Its handler may have ended a process before. */
  readonly suspect: boolean
  readonly letter?: InboxDeadLetter
  /** Begins the transaction; `false`: there is nothing to do any more. */
  readonly enter?: (tx: Tx) => Promise<boolean>
}

/** The broker keeps the message and delivers it again, here or elsewhere. */
export const giveBack: Disposition = { type: 'retry', delayMs: 0 }
