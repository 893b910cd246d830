import { Outbox } from '@waybill/core'
import { orderingScope } from '@waybill/core/contracts'
import { type MemoryTransaction, memoryStorage } from '@waybill/memory'
import { effectTable, type HandlerTraits } from '../history/handler-runs.ts'
import type { MessageRecord, TransactionRecord } from '../history/records.ts'
import type { Random } from '../random.ts'
import type { Actor } from '../scheduler/actor.ts'
import type { ConsumerTroublePlan } from './plan.ts'
import type { World } from './world.ts'

const followUp = { type: 'thing.followed', topic: 'follow-ups', orderingKey: 'f' } as const

/** What a handler throws that has nothing to do with Waybill. */
class HandlerTrouble extends Error {}

export type HandleMessage = (messageId: string, tx: MemoryTransaction) => Promise<void>

/** A handler that writes a row, sometimes enqueues a message, and sometimes fails or takes too long. */
export function handlerOf(world: World, actor: Actor, random: Random): HandleMessage {
  const { history, handlerRuns, plan, database, connections } = world
  const storage = memoryStorage({ database, schedule: connections.scheduleOf(actor) })
  const outbox = new Outbox<MemoryTransaction>({ storage, runtime: actor.runtime })
  return async (messageId, tx) => {
    const run = handlerRuns.begin(history.known(messageId), tx)
    await actor.step(`handles '${messageId}'`)
    if (plan.trouble.handlerMs > 0) await actor.sleep(random.integer(plan.trouble.handlerMs))
    const traits = handlerRuns.traits(messageId, () => drawTraits(plan.trouble, random))
    const explodes = traits.isBomb && random.chance(0.7)
    if (explodes) {
      world.explodeConsumer(actor)
      await new Promise(() => undefined)
    }
    await tx.put(effectTable, run.key, true)
    const trouble = world.settling ? 0 : plan.trouble.handlerFailures
    if (random.chance(0.2) && history.messages.size < plan.messages * 1.3) {
      const { id } = recordFollowUp(world, run.transaction, messageId)
      const { type, topic, orderingKey } = followUp
      await outbox.enqueue(tx, type, { id }, { id, topic, orderingKey })
    }
    if (random.chance(trouble / 4)) await actor.sleep(1000)
    if (!traits.isBomb && traits.failuresLeft-- <= 0 && !random.chance(trouble)) return
    run.threw = true
    throw new HandlerTrouble('The handler has had enough')
  }
}

/** Some messages fail so often that they are given up, and work when they come back. */
function drawTraits({ handlerBombs, handlerFailures }: ConsumerTroublePlan, random: Random): HandlerTraits {
  return {
    isBomb: random.chance(handlerBombs),
    failuresLeft: random.chance(handlerFailures) ? random.between(2, 6) : 0,
  }
}

function recordFollowUp({ history, plan, clock }: World, transaction: TransactionRecord, cause: string): MessageRecord {
  const { topic, orderingKey } = followUp
  const id = `${cause}+${history.messages.size + 1}`
  const facts = {
    id,
    topic,
    scope: orderingScope({ id, topic, orderingKey }),
    nature: 'plain' as const,
    available: null,
    expiresAt: null,
    maxAttempts: plan.relay.maxAttempts,
    payload: JSON.stringify({ id }),
  }
  return history.enqueue(transaction, facts, clock.now())
}
