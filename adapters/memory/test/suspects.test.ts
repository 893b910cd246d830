import { expect, test } from 'vitest'
import { memoryDatabase, memoryLaneStore, memoryStorage } from '../src/index.ts'
import { manualClock, message } from './messages.ts'

const limit = 10
const request = { limit, maxBytes: 1_000_000, skipTopics: [], probeTopics: [] }
const leaseMs = 1000

/** A relay has ended with a full window, and there is more behind it. Claims are those of its successor. */
async function setup() {
  const clock = manualClock()
  const database = memoryDatabase({ now: clock.now })
  const [first, second] = [1, 2].map(() => memoryStorage({ database, monotonicNow: clock.now }))
  if (first === undefined || second === undefined) throw new Error('two storages were opened')
  const doomed = await first.join({ label: 'doomed', leaseMs })
  await first.claim(doomed, request)
  const messages = Array.from({ length: 3 * limit }, (_, index) => message(`m${index}`))
  await first.transaction((tx) => first.insert(tx, messages))
  const window = await first.claim(doomed, request)
  await first.markPublishing(
    doomed,
    window.messages.map(({ token }) => token),
  )
  clock.advance(5 * leaseMs)
  const session = await second.join({ label: 'successor', leaseMs })
  return async () => {
    const { messages } = await second.claim(session, request)
    await second.settle(
      session,
      messages.map(({ token }) => ({ type: 'published', token })),
    )
    clock.advance(leaseMs / 5)
    await second.renew(session)
    return messages.some(({ suspect }) => suspect) ? 'suspect' : messages.length
  }
}

test('a window full of suspects holds back nothing but its own keys', async () => {
  const claimAndPublish = await setup()
  const turns: (number | 'suspect')[] = []
  while (turns.filter((turn) => turn === 'suspect').length < limit) turns.push(await claimAndPublish())
  // At first the suspects wait for their backoff; then they and what is behind them take turns.
  expect(turns.slice(0, 4)).toEqual([limit, 'suspect', limit, 'suspect'])
})

test('a suspect that its first relay settles after all is forgotten', async () => {
  const clock = manualClock()
  const database = memoryDatabase({ now: clock.now })
  const stores = memoryLaneStore(database)
  const [first, second] = [1, 2].map(() => memoryStorage({ database, monotonicNow: clock.now }))
  if (first === undefined || second === undefined) throw new Error('two storages were opened')
  const stopped = await first.join({ label: 'stopped', leaseMs })
  await first.transaction((tx) => first.insert(tx, [message('m')]))
  const { messages } = await first.claim(stopped, request)
  const tokens = messages.map(({ token }) => token)
  await first.markPublishing(stopped, tokens)
  clock.advance(5 * leaseMs)
  const session = await second.join({ label: 'successor', leaseMs })
  await second.claim(session, request)
  const suspects = () => stores.transaction((tx) => tx.suspects(Array.from({ length: 64 }, (_, lane) => lane)))
  expect(await suspects()).toHaveLength(1)
  await first.settle(
    stopped,
    tokens.map((token) => ({ type: 'published', token })),
  )
  clock.advance(leaseMs / 2)
  await second.renew(session)
  await second.claim(session, request)
  expect(await suspects()).toEqual([])
})
