import { expect, test } from 'vitest'
import { memoryDatabase, memoryStorage } from '../src/index.ts'
import { manualClock, message } from './messages.ts'

const request = { limit: 20, maxBytes: 1_000_000, keyLimit: 5, skipTopics: [], probeTopics: [] }
const [hot, others] = [1000, 10]

/** A key has a thousand messages, and behind all of them wait ten of other keys. */
async function setup() {
  const clock = manualClock()
  const storage = memoryStorage({ database: memoryDatabase({ now: clock.now }), monotonicNow: clock.now })
  const ofHotKey = Array.from({ length: hot }, (_, index) => message(`hot${index}`, { orderingKey: 'hot' }))
  const ofOthers = Array.from({ length: others }, (_, index) => message(`other${index}`))
  await storage.transaction((tx) => storage.insert(tx, [...ofHotKey, ...ofOthers]))
  const session = await storage.join({ label: 'relay', leaseMs: 60_000 })
  const claim = async () => (await storage.claim(session, request)).messages
  type Claimed = Awaited<ReturnType<typeof claim>>
  const publish = (claimed: Claimed) =>
    storage.settle(
      session,
      claimed.map(({ token }) => ({ type: 'published', token })),
    )
  const retry = ([first, ...rest]: Claimed) => {
    if (first === undefined) throw new Error('something was claimed')
    const error = { code: 'BROKER_REJECTED', message: 'no' }
    return storage.settle(session, [
      ...rest.map(({ token }) => ({ type: 'release', token }) as const),
      { type: 'retry', token: first.token, delayMs: 1000, spendsAttempt: true, error },
    ])
  }
  return { clock, claim, publish, retry }
}

const idsOf = (claimed: readonly { readonly message: { readonly id: string } }[]) =>
  claimed.map(({ message }) => message.id)
const hotIds = Array.from({ length: hot }, (_, index) => `hot${index}`)

test('keys far behind one with too many messages do not wait until it is through', async () => {
  const { claim, publish } = await setup()
  const published: string[] = []
  while (published.filter((id) => id.startsWith('other')).length < others) {
    const claimed = await claim()
    await publish(claimed)
    published.push(...idsOf(claimed))
  }
  expect(published.length).toBeLessThan(hot / 4)
  while (published.length < hot + others) {
    const claimed = await claim()
    expect(claimed).not.toHaveLength(0)
    await publish(claimed)
    published.push(...idsOf(claimed))
  }
  expect(published.filter((id) => id.startsWith('hot'))).toEqual(hotIds)
  expect(await claim()).toEqual([])
})

test('a key with too many messages is held like any other when one of them fails', async () => {
  const { clock, claim, publish, retry } = await setup()
  const published: string[] = []
  for (let turn = 1; published.length < hot + others; turn++) {
    const claimed = await claim()
    if (claimed.length === 0) clock.advance(1000)
    else if (turn % 7 === 0 && claimed[0]?.message.orderingKey === 'hot') await retry(claimed)
    else {
      await publish(claimed)
      published.push(...idsOf(claimed))
    }
  }
  expect(published.filter((id) => id.startsWith('hot'))).toEqual(hotIds)
  expect(await claim()).toEqual([])
})
