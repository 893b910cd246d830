import type { Message } from '@waybill/core/contracts'

/** What the broker does with one message that it is handed. */
export type PublishScript =
  | { readonly type: 'accept' }
  /** The broker answers no. @default retryable true */
  | { readonly type: 'reject'; readonly retryable?: boolean }
  | { readonly type: 'unavailable'; readonly scope: 'topic' | 'broker' }
  /** It does not arrive, and there is no answer until the caller no longer waits. */
  | { readonly type: 'hang' }
  /** It arrives, and the answer is lost. */
  | { readonly type: 'lose-reply' }
  /** It is lost on its way, and nobody says so. */
  | { readonly type: 'lose' }
  /** The caller is told nothing; it arrives later, perhaps after the caller has tried again. */
  | { readonly type: 'arrive-late'; readonly delayMs: number }

/**
 * Decides what becomes of each message; called in the order of the publish call. It may take its time: the caller's signal
 * ends the wait. What it throws, the publish call rejects with.
 */
export type OnPublish = (message: Message) => PublishScript | Promise<PublishScript>
