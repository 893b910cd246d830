import { isNeverConnected, KafkaFailure, kindOfCode } from '../failure.ts'

/** What an error of `@platformatic/kafka` means. Errors stand in each other, as causes and in lists. */
export function failureOf(error: unknown): KafkaFailure {
  if (error instanceof KafkaFailure) return error
  const kinds = new Set(leavesOf(error).map(kindOf))
  const [only] = kinds
  const message = leavesOf(error).map(messageOf).join('; ')
  return new KafkaFailure(kinds.size === 1 && only !== undefined ? only : 'unknown', message, error)
}

/** The innermost errors. */
export function leavesOf(error: unknown): readonly unknown[] {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.flatMap(leavesOf)
  if (error instanceof Error && error.cause instanceof Error) return leavesOf(error.cause)
  return [error]
}

function kindOf(error: unknown): KafkaFailure['kind'] {
  if (!(error instanceof Error)) return 'unknown'
  if ('apiCode' in error && typeof error.apiCode === 'number') return kindOfCode(error.apiCode)
  const code = 'code' in error ? error.code : undefined
  // The code of the protocol is lost on the way, the topic is in the text.
  if (code === 'PLT_KFK_USER' && error.message.startsWith('Unknown topic')) return 'missing'
  if (code === 'PLT_KFK_AUTHENTICATION') return 'unreachable'
  if (code === 'PLT_KFK_TIMEOUT' && error.message.startsWith('Connection')) return 'unreachable'
  return isNeverConnected(code) ? 'unreachable' : 'unknown'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
