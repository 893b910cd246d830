import type { Payload } from '../fates.ts'
import type { CommittedMessage } from './evidence.ts'

/** What somebody says that he has got. */
export interface Received {
  readonly id: string
  readonly topic: string
  readonly key: string | null
  readonly payload: string
}

/** What never committed, or with other contents than what did. */
export function phantoms(
  received: readonly Received[],
  committed: ReadonlyMap<string, CommittedMessage>,
): readonly string[] {
  const wrong = received.filter((one) => !isWhatCommitted(one, committed.get(one.id)))
  return [...new Set(wrong.map(({ id }) => id))]
}

function isWhatCommitted({ topic, key, payload }: Received, message: CommittedMessage | undefined): boolean {
  if (message === undefined || topic !== message.topic || key !== message.key) return false
  const contents: Payload = JSON.parse(payload)
  const sameSequence = contents.sequence === null || contents.sequence === message.sequence
  return contents.key === message.key && contents.fate === message.fate && sameSequence
}
