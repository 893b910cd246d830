import type { BrokerConsumer, Disposition, Message } from '@waybill/core/contracts'

export interface LoopByHand {
  readonly source: BrokerConsumer
  readonly group: string
  readonly maxInFlight: number
  /** Messages at once. */
  readonly concurrency: number
  /** What the service does with a message, commit included. */
  readonly apply: (message: Message) => Promise<void>
  onError(error: Error): void
}

const ack: Disposition = { type: 'ack' }

/**
 * What somebody writes who has no inbox: takes messages as `Consumer` does, those of a key one after the other, and
 * acknowledges each after its commit. It knows no failure, no retry, no dead letter, no timeout and no duplicate.
 */
export async function consumeByHand(loop: LoopByHand): Promise<AsyncDisposable> {
  const { source, group, maxInFlight, concurrency, apply, onError } = loop
  const slots = limit(concurrency)
  const tails = new Map<string, Promise<void>>()
  const subscription = await source.consume({ group, topics: ['orders'], maxInFlight }, async ({ message }) => {
    if (message === undefined) throw new Error('What was delivered is no message')
    const key = message.orderingKey ?? message.id
    const before = tails.get(key)
    const applied = () => slots(() => apply(message))
    const own = before === undefined ? applied() : before.then(applied)
    tails.set(key, own)
    await own.catch(onError)
    if (tails.get(key) === own) tails.delete(key)
    return ack
  })
  return {
    async [Symbol.asyncDispose]() {
      await subscription[Symbol.asyncDispose]()
      await source.close()
    },
  }
}

/** Lets so many works run at once; the others wait their turn. */
function limit(count: number): (work: () => Promise<void>) => Promise<void> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running === count) await new Promise<void>((start) => waiting.push(start))
    else running += 1
    try {
      await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
}
