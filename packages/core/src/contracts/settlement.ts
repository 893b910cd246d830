import type { ClaimToken } from './relay-source.ts'

/** Why an attempt failed, fit to be stored and shown: it never holds secrets or payloads. */
export interface FailureSummary {
  /** Stable code, usually of a {@link WaybillError}. */
  readonly code: string
  /** One line for an operator, at most 2,000 characters. */
  readonly message: string
}

/** Why a message ended DEAD. */
export type DeadReason = 'attempts-exhausted' | 'rejected' | 'expired' | 'crashes' | 'oversized'

/** What becomes of a claimed message. Core decides; the storage applies. */
export type Settlement =
  /** The broker accepted it. True whoever says it, so it needs no fence. */
  | { readonly type: 'published'; readonly token: ClaimToken }
  /** Try again after `delayMs` by the database's clock; until then the message holds back its key. */
  | {
      readonly type: 'retry'
      readonly token: ClaimToken
      readonly delayMs: number
      readonly spendsAttempt: boolean
      readonly error: FailureSummary
    }
  /** Give it back as it was: nothing spent, nothing held. */
  | { readonly type: 'release'; readonly token: ClaimToken }
  /** It ends DEAD, and its key goes on. */
  | {
      readonly type: 'dead'
      readonly token: ClaimToken
      readonly reason: DeadReason
      readonly spendsAttempt: boolean
      readonly error: FailureSummary
    }

/** Tokens whose settlement was not applied, because the session no longer owns them. A value, not an exception. */
export interface SettleResult {
  readonly lost: readonly ClaimToken[]
}
