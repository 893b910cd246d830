import { expect, test } from 'vitest'
import { memoryDatabase, memoryStorage } from '../src/index.ts'
import { manualClock, message } from './messages.ts'

const request = { limit: 10, maxBytes: 1_000_000, skipTopics: [], probeTopics: [] }
const error = { code: 'BROKER_REJECTED', message: 'no' }

/** A relay has put off `m` by a second. The database's clock and the relay's own go their ways. */
async function heldMessage() {
  const [databaseClock, ownClock] = [manualClock(), manualClock(0)]
  const storage = memoryStorage({ database: memoryDatabase({ now: databaseClock.now }), monotonicNow: ownClock.now })
  await storage.transaction((tx) => storage.insert(tx, [message('m')]))
  const session = await storage.join({ label: 'relay', leaseMs: 60_000 })
  const claim = () => storage.claim(session, request)
  const [claimed] = (await claim()).messages
  if (claimed === undefined) throw new Error('the message was enqueued')
  const retry = { type: 'retry', token: claimed.token, delayMs: 1000, spendsAttempt: true, error } as const
  await storage.settle(session, [retry])
  return { databaseClock, ownClock, claim }
}

test.each([-3_600_000, 3_600_000])('a hold lasts as long as was said, though the clock is set by %i ms', async (ms) => {
  const { databaseClock, ownClock, claim } = await heldMessage()
  databaseClock.advance(ms)
  ownClock.advance(999)
  const early = await claim()
  expect(early.messages).toEqual([])
  expect(early.nextDueInMs).toBeLessThanOrEqual(1)
  ownClock.advance(1)
  expect((await claim()).messages).toHaveLength(1)
})
