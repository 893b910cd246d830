import type { Contender } from '../../harness/contest.ts'
import { perSecond } from '../../harness/per-second.ts'
import type { OutboxDatabase, Shop } from '../../outbox/outbox-database.ts'

/** `transaction`: begin, insert, commit. `statement`: all in one, which needs no transaction around it. */
export type Way = 'transaction' | 'statement'

export interface Commits {
  readonly outbox: OutboxDatabase
  readonly way: Way
  /** Connections that work side by side. */
  readonly clients: number
  readonly transactions: number
  readonly withMessage: boolean
  readonly wakeups?: boolean
  readonly aggregates?: boolean
  readonly name?: string
}

/** Orders that are committed a second. */
export function commits(work: Commits): Contender {
  const { outbox, clients, transactions, withMessage, wakeups = false, aggregates = false } = work
  return {
    name: work.name ?? (withMessage ? 'with' : 'without'),
    async sample() {
      await outbox.empty()
      await using storage = outbox.openShops({ wakeups, aggregates })
      const shops = await Promise.all(Array.from({ length: clients }, () => storage.open()))
      let left = transactions
      const serve = async (shop: Shop) => {
        const order = orderOf(shop, work)
        while (left-- > 0) await order()
      }
      // Connections and statements that are new.
      for (const shop of shops) await orderOf(shop, work)()
      const rate = await perSecond(async () => {
        await Promise.all(shops.map(serve))
        return transactions
      })
      for (const shop of shops) await shop[Symbol.asyncDispose]()
      return rate
    },
  }
}

function orderOf(shop: Shop, { way, withMessage }: Commits): () => Promise<unknown> {
  const order = {
    transaction: withMessage ? shop.orderWithMessage : shop.order,
    statement: withMessage ? shop.orderWithMessageAtOnce : shop.orderAtOnce,
  }[way]
  if (order === undefined) throw new RangeError(`This storage has no way to write an order by a ${way}`)
  return order
}
