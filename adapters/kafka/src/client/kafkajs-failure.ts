import { isNeverConnected, KafkaFailure, kindOfCode } from '../failure.ts'

/** What an error of kafkajs means; the innermost one says it, since giving up is an error around the last failure. */
export function failureOf(error: unknown): KafkaFailure {
  if (error instanceof KafkaFailure) return error
  const innermost = unwrap(error)
  return new KafkaFailure(kindOf(innermost), messageOf(innermost), error)
}

function kindOf(error: unknown): KafkaFailure['kind'] {
  if (!(error instanceof Error)) return 'unknown'
  if ('code' in error && typeof error.code === 'number') return kindOfCode(error.code)
  if (isNeverConnected('code' in error && error.code)) return 'unreachable'
  if (error.name === 'KafkaJSSASLAuthenticationError') return 'unreachable'
  const hasTimedOut = error.name === 'KafkaJSConnectionError' && error.message === 'Connection timeout'
  return hasTimedOut ? 'unreachable' : 'unknown'
}

function unwrap(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? unwrap(error.cause) : error
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
