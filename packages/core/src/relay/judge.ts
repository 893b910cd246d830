import type { ClaimedMessage, PublishOutcome } from '../contracts/index.ts'
import { type DeliveryPolicy, decideOutcome } from '../lifecycle/decide.ts'
import type { Circuits } from './circuits.ts'
import type { SettleItem } from './settle-queue.ts'

export interface Verdict {
  readonly items: readonly SettleItem[]
  readonly accepted: readonly ClaimedMessage[]
  /** The broker as a whole cannot be reached. */
  readonly brokerDown: Error | null
}

/** Decides about all messages of a publish call, and tells the circuits what the call says about their topics. */
export function judge(
  messages: readonly ClaimedMessage[],
  outcomes: readonly PublishOutcome[],
  context: { readonly circuits: Circuits; readonly policy: DeliveryPolicy; readonly probes: ReadonlySet<string> },
): Verdict {
  const { circuits, policy, probes } = context
  const pairs = messages.map((claimed, index) => ({
    claimed,
    outcome: outcomes[index] ?? { type: 'not-sent' as const },
  }))
  const accepted = pairs.flatMap(({ claimed, outcome }) => (outcome.type === 'accepted' ? [claimed] : []))
  const acceptedTopics = countByTopic(accepted)
  for (const [topic, count] of acceptedTopics) circuits.accepted(topic, count)
  let brokerDown: Error | null = null
  const items = pairs.map(({ claimed, outcome }) => {
    const { topic, id } = claimed.message
    const isProbe = probes.has(topic)
    if (outcome.type === 'unavailable' && outcome.scope === 'broker') brokerDown ??= outcome.error
    else if (outcome.type !== 'accepted' && outcome.type !== 'not-sent') circuits.failed(topic, outcome, isProbe)
    const works =
      outcome.type === 'unknown' &&
      [circuits.worksSinceUnknown(topic, id), isProbe, acceptedTopics.has(topic)].includes(true)
    if (outcome.type !== 'unknown') circuits.forget(id)
    return { claimed, settlement: decideOutcome(claimed, outcome, works, policy) }
  })
  return { items, accepted, brokerDown }
}

function countByTopic(messages: readonly ClaimedMessage[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { message } of messages) counts.set(message.topic, (counts.get(message.topic) ?? 0) + 1)
  return counts
}
