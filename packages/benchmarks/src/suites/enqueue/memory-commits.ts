import { Outbox } from '@waybill/core'
import { memoryStorage } from '@waybill/memory'
import { type Benchmark, scaled } from '../../harness/benchmark.ts'
import { type Contender, contest } from '../../harness/contest.ts'
import { perSecond } from '../../harness/per-second.ts'
import { resultOf } from '../../harness/result.ts'
import { keyOf, orderPlaced } from '../../relaying/sample-message.ts'

/** As on SQLite, in memory: what composing a message costs when the database costs nothing. */
export const memoryCommits: Benchmark = {
  suite: 'enqueue',
  storage: 'memory',
  name: 'commits of a transaction with a message',
  async run(settings) {
    const transactions = scaled(settings, 20_000, 20)
    const [bare, waybill] = [commits(transactions, false), commits(transactions, true)]
    const result = await contest([bare, waybill], settings)
    return [
      resultOf({
        name: 'commits of a transaction with a message',
        rate: result.median(waybill.name),
        unit: 'commits/s',
        comparison: { against: 'the same without a message', ratio: result.ratio(waybill.name, bare.name) },
      }),
    ]
  },
}

function commits(transactions: number, withMessage: boolean): Contender {
  return {
    name: withMessage ? 'with' : 'without',
    async sample() {
      const storage = memoryStorage()
      const outbox = new Outbox({ storage })
      return perSecond(async () => {
        for (let number = 0; number < transactions; number++) {
          await storage.transaction(async (tx) => {
            await tx.put('orders', `${number}`, { customer: 'somebody', total: number })
            const options = { topic: 'orders', orderingKey: keyOf(number) }
            if (withMessage) await outbox.enqueue(tx, 'order.placed', orderPlaced(number), options)
          })
        }
        return transactions
      })
    },
  }
}
