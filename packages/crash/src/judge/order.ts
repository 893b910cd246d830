import type { CommittedMessage, Evidence } from './evidence.ts'

/**
 * Messages that came somewhere for the first time before one that had to come before them: one of the same topic and key, whose
 * transaction had committed before they were enqueued, or which was enqueued earlier in their own transaction. Not counted:
 * one that died in between, for it may come back late; one that was scheduled and not yet due.
 *
 * @param arrivals - At the broker, or as effects of the consumers.
 */
export function overtaking(
  { committed, rows, redriven }: Pick<Evidence, 'committed' | 'rows' | 'redriven'>,
  arrivals: readonly { readonly id: string }[],
): readonly string[] {
  const arrivedAs = new Map<string, number>()
  for (const [index, { id }] of arrivals.entries()) if (!arrivedAs.has(id)) arrivedAs.set(id, index)
  const died = new Set(redriven.map(({ id }) => id))
  for (const { id, status } of rows) if (status === 'DEAD') died.add(id)
  return [...byScope(committed)].flatMap((messages) => overtakingIn(messages, { arrivedAs, died }))
}

interface Known {
  readonly arrivedAs: ReadonlyMap<string, number>
  readonly died: ReadonlySet<string>
}

/** Messages of one topic and key, in the order of their commits. */
function overtakingIn(messages: readonly CommittedMessage[], { arrivedAs, died }: Known): readonly string[] {
  let latest = Number.NEGATIVE_INFINITY
  const scheduled: { readonly dueAt: number; readonly index: number }[] = []
  return messages.flatMap(({ id, dueAt, beganAt }) => {
    const index = arrivedAs.get(id)
    if (index === undefined) return []
    const wasOvertaken = index < latest || scheduled.some((other) => other.dueAt <= beganAt && index < other.index)
    if (!died.has(id)) {
      if (dueAt === null) latest = Math.max(latest, index)
      else scheduled.push({ dueAt, index })
    }
    return wasOvertaken ? [id] : []
  })
}

function byScope(committed: readonly CommittedMessage[]): Iterable<readonly CommittedMessage[]> {
  const scopes = new Map<string, CommittedMessage[]>()
  for (const message of committed) {
    if (message.key === null) continue
    const scope = `${message.topic} ${message.key}`
    const known = scopes.get(scope)
    if (known === undefined) scopes.set(scope, [message])
    else known.push(message)
  }
  for (const messages of scopes.values()) messages.sort((left, right) => left.sequence - right.sequence)
  return scopes.values()
}
