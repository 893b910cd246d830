/** What the database says has committed, in the order of the commits. */
export interface CommittedMessage {
  readonly id: string
  readonly orderId: string
}

/** What the broker says it has accepted, in its order, duplicates included. */
export interface AcceptedMessage {
  readonly id: string
  readonly orderId: string
}

export interface Evidence {
  readonly committed: readonly CommittedMessage[]
  readonly accepted: readonly AcceptedMessage[]
  /** Message ids of all effects that stand in the consumer's database. */
  readonly effects: readonly string[]
}

/** Ids of the messages that break a promise. */
export interface Verdict {
  /** Committed, and the broker never got it. */
  readonly lost: readonly string[]
  /** The broker got it, and it never committed. */
  readonly phantom: readonly string[]
  /** First accepted after a message of the same order that had committed later. */
  readonly outOfOrder: readonly string[]
  /** Accepted, and without an effect. */
  readonly withoutEffect: readonly string[]
  /** With more than one effect. */
  readonly repeatedEffect: readonly string[]
  /** Acceptances beyond the first. Allowed: at least once is the promise, and the inbox deals with them. */
  readonly duplicates: number
  /** Different messages that the broker accepted. */
  readonly published: number
}

/** Compares what three parties say who do not know of each other: the shop's history, the broker's log, the effects. */
export function judge({ committed, accepted, effects }: Evidence): Verdict {
  const rank = new Map(committed.map(({ id }, index) => [id, index]))
  const first = firstAcceptances(accepted)
  const counts = new Map<string, number>()
  for (const id of effects) counts.set(id, (counts.get(id) ?? 0) + 1)
  const published = first.map(({ id }) => id)
  const everAccepted = new Set(published)
  return {
    lost: committed.map(({ id }) => id).filter((id) => !everAccepted.has(id)),
    phantom: published.filter((id) => !rank.has(id)),
    outOfOrder: overtaken(first, rank),
    withoutEffect: published.filter((id) => !counts.has(id)),
    repeatedEffect: [...counts].filter(([, count]) => count > 1).map(([id]) => id),
    duplicates: accepted.length - first.length,
    published: first.length,
  }
}

export function isBroken(verdict: Verdict): boolean {
  const { lost, phantom, outOfOrder, withoutEffect, repeatedEffect } = verdict
  return [lost, phantom, outOfOrder, withoutEffect, repeatedEffect].some((ids) => ids.length > 0)
}

function firstAcceptances(accepted: readonly AcceptedMessage[]): readonly AcceptedMessage[] {
  const seen = new Set<string>()
  return accepted.filter(({ id }) => !seen.has(id) && seen.add(id))
}

function overtaken(first: readonly AcceptedMessage[], rank: ReadonlyMap<string, number>): readonly string[] {
  const latest = new Map<string, number>()
  return first.flatMap(({ id, orderId }) => {
    const own = rank.get(id)
    if (own === undefined) return []
    const before = latest.get(orderId) ?? -1
    latest.set(orderId, Math.max(before, own))
    return own < before ? [id] : []
  })
}
