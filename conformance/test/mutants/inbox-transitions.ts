import type { TransitionLog } from '@waybill/core/contracts'
import type { MemoryInbox, MemoryTransaction } from '@waybill/memory'
import type { InboxMutation } from '../memory.ts'

type Log = TransitionLog<MemoryTransaction>

const onTransitions =
  (change: (log: Log, inbox: MemoryInbox) => Partial<Log>): InboxMutation =>
  (inbox) => ({ transitions: { ...inbox.transitions, ...change(inbox.transitions, inbox) } })

export const everyStateMayBeLeft: InboxMutation = onTransitions((log) => ({
  async append(tx, transition) {
    const outcome = await log.append(tx, transition)
    return outcome.type === 'conflict' ? log.append(tx, { ...transition, from: outcome.current }) : outcome
  },
}))

export const reasonsOfTransitionsAreLost: InboxMutation = onTransitions((log) => ({
  append: (tx, { reason: _, ...transition }) => log.append(tx, transition),
}))

export const transitionsCommitAlone: InboxMutation = onTransitions((log, inbox) => ({
  append: (_, transition) => inbox.transaction((own) => log.append(own, transition)),
}))

export const machinesShareEntities: InboxMutation = onTransitions((log) => ({
  append: (tx, transition) => log.append(tx, { ...transition, machine: 'all' }),
  history: (_, entity, options) => log.history('all', entity, options),
}))
