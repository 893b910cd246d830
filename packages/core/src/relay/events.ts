import type { ClaimedMessage, DeadReason, FailureSummary, Message } from '../contracts/index.ts'
import type { Spoken } from '../events/typed-events.ts'

/**
 * What a relay reports, by name. One event a batch where there is one batch. `dead`, `circuitOpened`, `brokerUnavailable`,
 * `anomaly` and `error` go to stderr while they have no listener.
 */
export interface RelayEvents {
  /** The broker accepted these messages. They are not settled yet. */
  readonly published: { readonly messages: readonly ClaimedMessage[]; readonly durationMs: number }
  /** A message failed and will be tried again. */
  readonly retry: {
    readonly message: Message
    readonly attempt: number
    readonly delayMs: number
    readonly error: FailureSummary
  }
  /** A message ended DEAD. */
  readonly dead: { readonly message: Message; readonly reason: DeadReason; readonly error: FailureSummary }
  /** A message was published before by a relay that ended meanwhile; it is published alone. */
  readonly suspect: { readonly message: Message; readonly crashes: number }
  /** A topic cannot be reached: nothing of it is claimed but probes. */
  readonly circuitOpened: { readonly topic: string; readonly error: FailureSummary; readonly probeInMs: number }
  readonly circuitClosed: { readonly topic: string }
  /** The whole broker cannot be reached: the relay has handed over its lanes and comes back. */
  readonly brokerUnavailable: { readonly error: FailureSummary; readonly retryInMs: number }
  /** Another relay may have taken over; everything in flight was given up, and the relay joins again. */
  readonly leaseLost: { readonly session: string }
  readonly joined: { readonly session: string }
  /** A sweep found messages where none can be: a defect, in Waybill or in a producer that bypasses it. */
  readonly anomaly: { readonly messages: number }
  /** Something went wrong and is being tried again, or the relay ends with it. */
  readonly error: Error
}

/** What nobody who runs a relay should have to ask for: why messages do not arrive. Without payloads and headers. */
export const spokenEvents: Spoken<RelayEvents> = {
  dead: ({ message, reason, error }) =>
    `message '${message.id}' (${message.type}) for '${message.topic}' ended DEAD (${reason}): ${error.message}`,
  circuitOpened: ({ topic, error }) => `'${topic}' cannot be reached and is probed until it can: ${error.message}`,
  brokerUnavailable: ({ error, retryInMs }) =>
    `the broker cannot be reached and is tried again in ${Math.round(retryInMs)} ms: ${error.message}`,
  anomaly: ({ messages }) => `found ${messages} messages where none can be; please report it`,
}
