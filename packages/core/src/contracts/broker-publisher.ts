import type { Message } from './message.ts'

/** Facts about a publisher. They do not change while it lives. */
export interface PublisherCapabilities {
  /**
   * Messages of one key in one call are accepted together or not at all, or at least never a later one without the earlier
   * ones. `false`: core has one message of a key in flight at a time.
   */
  readonly atomicPerKey: boolean
  /** Largest message that the broker takes, in bytes of payload and headers; larger ones end DEAD at once. */
  readonly maxMessageBytes: number
  /** Messages per call at most. */
  readonly maxBatchMessages: number
}

/** What became of one message of a publish call. */
export type PublishOutcome =
  /** Durable at the configured level. */
  | { readonly type: 'accepted' }
  /** The broker answered no to this message. `retryable: false` ends it DEAD. */
  | { readonly type: 'rejected'; readonly error: Error; readonly retryable: boolean }
  /** Its destination cannot be reached. Spends no attempt. */
  | { readonly type: 'unavailable'; readonly scope: 'topic' | 'broker'; readonly error: Error }
  /** Not tried, because an earlier message of its key failed in this call. Without a failure in the call: a breach. */
  | { readonly type: 'not-sent' }
  /** It may have been accepted: time-out, lost connection, an answer that does not cover it. */
  | { readonly type: 'unknown'; readonly error: Error }

export interface PublishOptions {
  /** Fires when core no longer waits. What is not known by then is `unknown`. */
  readonly signal: AbortSignal
  /** How long core waits for the call, in milliseconds. */
  readonly timeoutMs: number
}

/** Tells whether the broker takes messages at all, for publishers that are told so by the broker. */
export interface Readiness {
  ready(): boolean
  /** Calls `listener` at every change; answers how to stop that. */
  onChange(listener: () => void): () => void
}

/** Hands messages to a broker. Implemented by broker adapters; driven by `Relay`. Retries are core's, never the adapter's. Rules: `publish/*`, `publisher/*`. */
export interface BrokerPublisher {
  readonly specificationVersion: 'v1'
  readonly name: string
  readonly capabilities: PublisherCapabilities
  /** Its presence is the capability. */
  readonly readiness?: Readiness
  /**
   * Publishes the messages, in order within each key.
   *
   * - MUST answer one outcome per message, aligned by index (`publish/outcomes-align`).
   * - MUST answer `accepted` only for what is durable at the configured level (`publish/accepted-means-readable`).
   * - MUST NOT let a later message of a key be accepted when an earlier one of the call was not, if `atomicPerKey`
   *   (`publish/failure-stops-its-key`).
   * - MUST carry id, type, key, headers, schema version, content type, correlation, causation and trace context
   *   (`publish/preserves-contents`).
   * - MUST NOT retry (`publish/publishes-once`), and MUST NOT reject for the sake of one message
   *   (`publish/missing-topic-is-an-outcome`). If it does reject, core takes all outcomes for unknown.
   * - Core calls it once at a time.
   */
  publish(messages: readonly Message[], options: PublishOptions): Promise<readonly PublishOutcome[]>
  /** Waits for calls under way (their outcomes are still answered), then lets go of the connection. Safe to repeat. */
  close(): Promise<void>
}
