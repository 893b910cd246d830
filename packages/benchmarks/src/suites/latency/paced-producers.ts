import { setTimeout as sleep } from 'node:timers/promises'
import type { ShopStorage } from '../../outbox/outbox-database.ts'
import { monotonicMs } from '../../relaying/stamping-publisher.ts'

const connections = 8
/** What is produced before connections, statements and functions are warm does not count. */
const warmUpShare = 0.1

export interface Pace {
  readonly perSecond: number
  readonly messages: number
}

/** Commits orders with a message each at a steady rate. Answers when each commit returned, by the message's id. */
export async function produceAtRate(storage: ShopStorage, { perSecond, messages }: Pace): Promise<Map<string, number>> {
  const shops = await Promise.all(Array.from({ length: connections }, () => storage.open()))
  const commits = new Map<string, number>()
  const startedAt = performance.now()
  let next = 0
  await Promise.all(
    shops.map(async (shop) => {
      for (let number = next++; number < messages; number = next++) {
        const dueInMs = startedAt + (number / perSecond) * 1000 - performance.now()
        if (dueInMs > 0) await sleep(dueInMs)
        const id = await shop.orderWithMessage()
        if (number >= messages * warmUpShare) commits.set(id, monotonicMs())
      }
    }),
  )
  for (const shop of shops) await shop[Symbol.asyncDispose]()
  return commits
}
