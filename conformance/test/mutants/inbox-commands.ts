import type { CommandKey, CommandStorage } from '@waybill/core/contracts'
import type { MemoryInbox, MemoryTransaction } from '@waybill/memory'
import type { InboxMutation } from '../memory.ts'

type Commands = CommandStorage<MemoryTransaction>

const onCommands =
  (change: (commands: Commands, inbox: MemoryInbox) => Partial<Commands>): InboxMutation =>
  (inbox) => ({ commands: { ...inbox.commands, ...change(inbox.commands, inbox) } })

const idOf = ({ scope, key }: CommandKey) => `${scope}\u0000${key}`

export const resultsAreUtf8: InboxMutation = onCommands((commands) => ({
  complete: (tx, command, result) =>
    commands.complete(tx, command, new TextDecoder().decode(new TextEncoder().encode(result))),
}))

export const resultsAreKeptInTheProcess: InboxMutation = onCommands((commands) => {
  const kept = new Map<string, { readonly fingerprint: string; readonly result: string }>()
  return {
    async complete(tx, command, result) {
      await commands.complete(tx, command, result)
      kept.set(idOf(command), { fingerprint: 'f', result })
    },
    find: async (command) => (await commands.find(command)) ?? kept.get(idOf(command)) ?? null,
  }
})

export const whatWasClaimedStaysBusy: InboxMutation = onCommands((commands) => {
  const claimed = new Set<string>()
  return {
    async claim(tx, request) {
      const isOpen = claimed.has(idOf(request)) && (await commands.find(request)) === null
      claimed.add(idOf(request))
      return isOpen ? { type: 'busy' } : commands.claim(tx, request)
    },
  }
})

export const commandsNeverExpire: InboxMutation = onCommands((commands) => ({
  claim: (tx, request) => commands.claim(tx, { ...request, retentionMs: request.retentionMs * 10_000 }),
}))

export const scopesAndKeysRunTogether: InboxMutation = onCommands((commands) => {
  const joined = ({ scope, key }: CommandKey) => ({ scope: '', key: `${scope}${key}` })
  return {
    claim: (tx, request) => commands.claim(tx, { ...request, ...joined(request) }),
    complete: (tx, command, result) => commands.complete(tx, joined(command), result),
    find: (command) => commands.find(joined(command)),
  }
})

export const claimOpensATransactionIfNeeded: InboxMutation = onCommands((commands, inbox) => ({
  claim: (tx, request) =>
    tx.open ? commands.claim(tx, request) : inbox.transaction((own) => commands.claim(own, request)),
}))

export const commandPruneCountsOneBatch: InboxMutation = onCommands((commands) => ({
  prune: async (options) => Math.min(await commands.prune(options), options.batchSize ?? 1000),
}))

export const openCommandsCountAsDone: InboxMutation = onCommands((commands, { database }) => ({
  async claim(tx, request) {
    if (database.transactions.size > 1) return { type: 'done', fingerprint: request.fingerprint, result: '' }
    return commands.claim(tx, request)
  },
}))

export const refusalsWait: InboxMutation = onCommands((commands) => ({
  claim: (tx, request) => commands.claim(tx, { ...request, whenBusy: 'wait' }),
}))

export const whatIsDoneIsBusyToo: InboxMutation = onCommands((commands) => ({
  async claim(tx, request) {
    const claim = await commands.claim(tx, request)
    return claim.type === 'done' && request.whenBusy === 'refuse' ? { type: 'busy' } : claim
  },
}))

export const findWaits: InboxMutation = onCommands((commands, inbox) => ({
  async find(command) {
    await inbox.transaction((tx) => tx.lock('waybill.commands', idOf(command)))
    return commands.find(command)
  },
}))
