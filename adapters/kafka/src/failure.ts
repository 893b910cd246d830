import { PublishError, type PublishOutcome } from '@waybill/core/contracts'

/**
 * What a failure says about a batch.
 *
 * - `missing`: there is no such topic. Nothing was written.
 * - `unavailable`: the partition takes no writes at the moment, or we may not write. Nothing was written.
 * - `unreachable`: no broker could be asked. Nothing was written.
 * - `too-large`: the batch is larger than the topic allows. Nothing was written.
 * - `refused`: the broker does not take these records, now or later. Nothing was written.
 * - `unknown`: it may have been written, and may still be.
 */
export type FailureKind = 'missing' | 'unavailable' | 'unreachable' | 'too-large' | 'refused' | 'unknown'

/** A failure of a Kafka client, with what it means to us. */
export class KafkaFailure extends Error {
  readonly kind: FailureKind

  constructor(kind: FailureKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'KafkaFailure'
    this.kind = kind
  }
}

/**
 * Error codes of the protocol after which it is certain that nothing was written; every other leaves it open. A leader that
 * loses its partition while it waits for its followers answers NOT_LEADER_OR_FOLLOWER (6), and the records may survive; the
 * same with NOT_ENOUGH_REPLICAS_AFTER_APPEND (20).
 *
 * https://kafka.apache.org/protocol#protocol_error_codes
 */
const certain: Readonly<Record<number, FailureKind>> = {
  3: 'missing', // UNKNOWN_TOPIC_OR_PARTITION
  5: 'unavailable', // LEADER_NOT_AVAILABLE
  10: 'too-large', // MESSAGE_TOO_LARGE
  17: 'refused', // INVALID_TOPIC_EXCEPTION
  18: 'too-large', // RECORD_LIST_TOO_LARGE
  19: 'unavailable', // NOT_ENOUGH_REPLICAS
  29: 'unavailable', // TOPIC_AUTHORIZATION_FAILED
  31: 'unreachable', // CLUSTER_AUTHORIZATION_FAILED
  43: 'refused', // UNSUPPORTED_FOR_MESSAGE_FORMAT
  44: 'refused', // POLICY_VIOLATION
  58: 'unreachable', // SASL_AUTHENTICATION_FAILED
  76: 'refused', // UNSUPPORTED_COMPRESSION_TYPE
  87: 'refused', // INVALID_RECORD
}

/** Codes of the system for connections that never came to be. */
const neverConnected = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])

/** What an error code of the protocol means. */
export function kindOfCode(code: number): FailureKind {
  return certain[code] ?? 'unknown'
}

/** Whether a connection failed before anything could be sent over it. */
export function isNeverConnected(systemCode: unknown): boolean {
  return typeof systemCode === 'string' && neverConnected.has(systemCode)
}

/** A failure to send, once some broker has answered: only the leader of the partition cannot be reached, others may be. */
export function ofLeader(failure: KafkaFailure): KafkaFailure {
  return failure.kind === 'unreachable' ? new KafkaFailure('unavailable', failure.message, failure) : failure
}

/** What became of the messages of a batch that failed so. Messages name the topic; what clients say is in the cause. */
export function outcomeOf(failure: KafkaFailure, topic: string): PublishOutcome {
  const { kind, message } = failure
  switch (kind) {
    case 'missing': {
      const text = `The topic '${topic}' does not exist: create it, or set topology: 'create'`
      return { type: 'unavailable', scope: 'topic', error: new PublishError('BROKER_UNAVAILABLE', text, failure) }
    }
    case 'unavailable': {
      const text = `The topic '${topic}' takes no messages: ${message}`
      return { type: 'unavailable', scope: 'topic', error: new PublishError('BROKER_UNAVAILABLE', text, failure) }
    }
    case 'unreachable': {
      const text = `Kafka cannot be reached: ${message}`
      return { type: 'unavailable', scope: 'broker', error: new PublishError('BROKER_UNAVAILABLE', text, failure) }
    }
    case 'too-large': {
      const text = `The message is larger than max.message.bytes of the topic '${topic}'`
      return { type: 'rejected', retryable: false, error: new PublishError('PAYLOAD_TOO_LARGE', text, failure) }
    }
    case 'refused': {
      const text = `The topic '${topic}' does not take the message: ${message}`
      return { type: 'rejected', retryable: true, error: new PublishError('BROKER_REJECTED', text, failure) }
    }
    case 'unknown': {
      const text = `It is not known whether the topic '${topic}' took the message: ${message}`
      return { type: 'unknown', error: new PublishError('BROKER_UNKNOWN', text, failure) }
    }
  }
}
