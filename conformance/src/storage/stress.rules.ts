import assert from 'node:assert/strict'
import { type ClaimedMessage, WaybillError } from '@waybill/core/contracts'
import type { Timeline } from '../eventually.ts'
import { randomOf } from '../random.ts'
import type { Rule } from '../rule.ts'
import { interleaved, labelsOf } from '../samples.ts'
import { enqueue, otherProcess } from './enqueue.ts'
import { HandDrivenRelay, sharedLeaseMs } from './hand-driven-relay.ts'
import type { AnyStorageHarness } from './harness.ts'

const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l']

export const stressRules: readonly Rule<AnyStorageHarness>[] = [
  {
    id: 'claim/keeps-its-word-under-load',
    level: 'stress',
    statement:
      'Sessions that claim, fail, give back, leave and join at random MUST publish every message once, each key in order.',
    intent: 'What holds for one step at a time does not hold when four processes take theirs at once.',
    async verify(harness, { time, repetitions }) {
      for (let seed = 1; seed <= repetitions; seed++) {
        const random = randomOf(seed)
        const messages = interleaved(keys, 15)
        const published: string[] = []
        const isDone = () => published.length >= messages.length
        const sources = [harness.storage, await otherProcess(harness), harness.storage, await otherProcess(harness)]
        const crew = sources.map((source) => new Wanderer(source, time, random, (labels) => published.push(...labels)))
        const work = Promise.all(crew.map((each) => each.work(isDone)))
        for (let from = 0; from < messages.length; from += 20) await enqueue(harness, messages.slice(from, from + 20))
        await time.eventually(`seed ${seed}: everything published`, () => time.within(20, work), { withinMs: 12_000 })
        assert.equal(new Set(published).size, published.length, `seed ${seed}: something was published twice`)
        for (const key of keys) {
          const expected = labelsOf(messages.filter(({ orderingKey }) => orderingKey === key))
          const actual = published.filter((label) => label.startsWith(key))
          assert.deepEqual(actual, expected, `seed ${seed}: key ${key}`)
        }
      }
    },
  },
]

/** A relay that does at random what relays do. */
class Wanderer {
  readonly #source: AnyStorageHarness['storage']
  readonly #time: Timeline
  readonly #random: () => number
  readonly #tell: (labels: readonly string[]) => void

  constructor(
    source: AnyStorageHarness['storage'],
    time: Timeline,
    random: () => number,
    tell: (labels: readonly string[]) => void,
  ) {
    this.#source = source
    this.#time = time
    this.#random = random
    this.#tell = tell
  }

  async work(isDone: () => boolean): Promise<true> {
    let relay = await this.#join()
    while (!isDone()) {
      await this.#time.throughout(1, async () => undefined)
      const limit = 1 + Math.floor(this.#random() * 12)
      const { messages } = await untilItCannotPass(() => relay.claim({ limit }))
      await this.#settle(relay, messages)
      if (this.#random() > 0.05) continue
      await untilItCannotPass(() => relay.leave())
      relay = await this.#join()
    }
    await untilItCannotPass(() => relay.leave())
    return true
  }

  #join(): Promise<HandDrivenRelay> {
    return untilItCannotPass(() => HandDrivenRelay.join(this.#source, this.#time, { leaseMs: sharedLeaseMs }))
  }

  /** As core does: when a message fails, what it holds of the key is given back. */
  async #settle(relay: HandDrivenRelay, messages: readonly ClaimedMessage[]): Promise<void> {
    const unlucky = this.#random() < 0.3 ? messages[Math.floor(this.#random() * messages.length)] : undefined
    const key = unlucky?.message.orderingKey
    const from = unlucky === undefined ? messages.length : messages.indexOf(unlucky)
    const followers = messages.filter(({ message }, index) => index > from && message.orderingKey === key)
    const lucky = messages.filter((each) => each !== unlucky && !followers.includes(each))
    await relay.mark(lucky)
    this.#tell(labelsOf(lucky.map(({ message }) => message)))
    await untilItCannotPass(() => relay.published(lucky))
    const delayMs = Math.floor(this.#random() * 40)
    if (unlucky !== undefined) await untilItCannotPass(() => relay.retry([unlucky], delayMs))
    await untilItCannotPass(() => relay.release(followers))
  }
}

/** As core does: what the storage refuses for now, because others are in the way, is asked for again. */
async function untilItCannotPass<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (!(error instanceof WaybillError && error.retryable)) throw error
    }
  }
}
