import type { InboxDeadLetters } from '@waybill/core/contracts'
import type { MemoryInbox, MemoryTransaction } from '@waybill/memory'
import type { EffectsMutation } from '../memory.ts'
import * as consumer from './consumer.ts'
import * as crashes from './inbox-crashes.ts'

type Letters = InboxDeadLetters<MemoryTransaction>

/** A mutant with other dead letters. */
function onLetters(change: (letters: Letters) => Partial<Letters>): EffectsMutation {
  return { inbox: ({ deadLetters }) => ({ deadLetters: { ...deadLetters, ...change(deadLetters) } }) }
}

/** A mutant whose transactions end in another way. */
function onTransaction(change: (inbox: MemoryInbox) => MemoryInbox['transaction']): EffectsMutation {
  return { inbox: (inbox) => ({ transaction: change(inbox) }) }
}

export const receiptsAreAlwaysNew: EffectsMutation = {
  inbox: (inbox) => ({
    async record(tx, receipts) {
      const outcomes = await inbox.record(tx, receipts)
      return receipts[0]?.consumer === 'billing' ? receipts.map(() => 'recorded' as const) : outcomes
    },
  }),
}

export const whatTheDeadLeaveOpenIsCommitted: EffectsMutation = onTransaction(({ transaction }) => (work) => {
  const isDeath = (error: unknown) => error instanceof Error && error.message === 'the process was killed'
  return transaction(async (tx) => {
    try {
      return await work(tx)
    } catch (error) {
      if (isDeath(error)) return undefined as never
      throw error
    }
  })
})

/** What has no key comes back, as the rules of crashes need it. */
export const whatIsGivenBackIsGone: EffectsMutation = {
  consumer: (plain) => ({
    consume: (subscription, handle) =>
      plain.consume(subscription, async (delivery) => {
        const disposition = await handle(delivery)
        return disposition.type === 'retry' && delivery.message?.orderingKey !== undefined
          ? { type: 'ack' }
          : disposition
      }),
  }),
}

export const everyMessageIsItsKey: EffectsMutation = {
  consumer: (plain) => ({
    consume: (subscription, handle) =>
      plain.consume(subscription, ({ message, ...delivery }) =>
        handle({ ...delivery, ...(message && { message: { ...message, topic: message.id } }) }),
      ),
  }),
}

export const oneMessageAtATime: EffectsMutation = { consumer: consumer.oneDeliveryAtATime }

export const lettersAreForgotten: EffectsMutation = onLetters(({ bury }) => ({
  bury: async (burial) => (burial.reason === 'crashes' ? bury(burial) : undefined),
}))

export const youngestLettersComeFirst: EffectsMutation = onLetters((letters) => ({
  bury: (burial) => letters.bury({ ...burial, scope: burial.receipt.key }),
  async due(name, limit) {
    const due = await letters.due(name, limit)
    return { ...due, letters: due.letters.toReversed() }
  },
}))

export const everyProcessHasItsMarks: EffectsMutation = { inbox: crashes.everyProcessHasItsMarks }

export const withdrawTakesThemAll: EffectsMutation = { inbox: crashes.withdrawTakesThemAll }

export const foreignMessagesAreDropped: EffectsMutation = { consumer: consumer.foreignMessagesAreDropped }
