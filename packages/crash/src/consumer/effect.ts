import { setTimeout as wait } from 'node:timers/promises'
import type { Message } from '@waybill/core/contracts'
import type { Payload } from '../fates.ts'
import type { Random } from '../random.ts'
import type { CrashTransaction } from '../storages/tables.ts'

interface WriterOptions {
  readonly label: string
  readonly random: Random
  /** Whoever dawdles in a transaction holds up all others. */
  readonly singleWriter: boolean
}

/** Of the handlers, so many dawdle before their effect, and after it; fail, and take it back. */
const share = { slow: 0.05, failing: 0.01 } as const
const longestMs = { many: 120, single: 8 } as const

/** Writes the effect of a message: one row, in the transaction of the receipt. */
export function effectWriter({ label, random, singleWriter }: WriterOptions) {
  const dawdle = async () => {
    if (random.chance(share.slow)) await wait(random.between(1, longestMs[singleWriter ? 'single' : 'many']))
  }
  return async (message: Omit<Message, 'payload'>, payload: Payload, tx: CrashTransaction): Promise<void> => {
    await dawdle()
    const { id, topic, orderingKey } = message
    await tx
      .insertInto('crash_effects')
      .values({
        message_id: id,
        topic,
        key_name: orderingKey ?? null,
        payload: JSON.stringify(payload),
        consumer: label,
      })
      .execute()
    await dawdle()
    if (random.chance(share.failing)) throw new Error('The service could not do it this time')
  }
}
