import { memoryInbox, memoryStorage } from '@waybill/memory'
import { checkEffects } from '../invariants/effects.ts'
import { checkEndState } from '../invariants/end-state.ts'
import { consumedTopics, consumerName } from './consumer-place.ts'
import { lettersIn } from './letters.ts'
import type { World } from './world.ts'

/** Judges what is left when all work is done and everybody has stopped. */
export async function takeLastLook(world: World): Promise<void> {
  const { database, history, handlerRuns, plan, pruned } = world
  const rows = [...database.messages.positions()].flatMap((position) => {
    const stored = database.messages.at(position)
    if (stored === undefined) return []
    return [{ id: stored.row.message.id, status: stored.status, reason: stored.deadReason }]
  })
  const counts = await memoryStorage({ database }).count()
  checkEndState(history, { rows, counts, pruned })
  if (plan.consumers === 0) return
  const letters = new Map(lettersIn(database).map(({ receipt, reason }) => [receipt.key, reason]))
  const { consumerTrouble, storageFaults, failovers } = plan.trouble
  const kept = {
    receipts: await receiptsOf(world),
    letters,
    othersCrash: consumerTrouble || storageFaults > 0 || failovers,
  }
  const consumed = handlerRuns.consumed(consumerName, consumedTopics, kept)
  checkEffects(handlerRuns.runs(consumerName), consumed)
}

/** Ids of the messages with a receipt of the consumer. */
async function receiptsOf({ database, history }: World): Promise<ReadonlySet<string>> {
  const inbox = memoryInbox({ database })
  const tx = database.begin()
  const ids = [...history.messages.keys()]
  const receipts = ids.map((key) => ({ consumer: consumerName, key }))
  const outcomes = await inbox.record(tx, receipts)
  tx.rollback()
  return new Set(ids.filter((_, index) => outcomes[index] === 'duplicate'))
}

/** What has not got on. */
export function describePending({ database, history }: World): string {
  const ids: string[] = []
  for (const { id, nature } of history.committedMessages()) {
    const row = database.messages.withId(id)
    if (row?.status === 'PENDING') ids.push(`'${id}'${nature === 'plain' ? '' : ` (${nature})`}`)
  }
  return `still pending when all faults had long stopped: ${ids.join(', ') || 'only deliveries'}`
}
