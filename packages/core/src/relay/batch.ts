import { type ClaimedMessage, orderingScope } from '../contracts/index.ts'

/** Messages that are published together. */
export interface Batch {
  readonly messages: readonly ClaimedMessage[]
  /** Topics of which a message here is a probe: their circuits are open. */
  readonly probes: ReadonlySet<string>
  /** When its window was sent, if that was done ahead. */
  readonly announcedAt?: number
}

export interface WaveOptions {
  /** At most one message of a key in a wave. */
  readonly oneOfAKey: boolean
  /** Messages in a wave at most. */
  readonly size: number
}

/** Splits a batch into the publish calls that it takes, in order per key. */
export function wavesOf(
  messages: readonly ClaimedMessage[],
  options: WaveOptions,
): readonly (readonly ClaimedMessage[])[] {
  if (!options.oneOfAKey && messages.length <= options.size) return messages.length === 0 ? [] : [messages]
  const waves: ClaimedMessage[][] = []
  const nextWave = new Map<string, number>()
  let firstWithRoom = 0
  for (const claimed of messages) {
    const scope = orderingScope(claimed.message)
    let index = Math.max(firstWithRoom, nextWave.get(scope) ?? 0)
    while ((waves[index]?.length ?? 0) >= options.size) index++
    const wave = waves[index] ?? []
    waves[index] = wave
    wave.push(claimed)
    nextWave.set(scope, options.oneOfAKey ? index + 1 : index)
    while ((waves[firstWithRoom]?.length ?? 0) >= options.size) firstWithRoom++
  }
  return waves
}
