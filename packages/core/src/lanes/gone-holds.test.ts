import { memoryDatabase, memoryLaneStore, memoryStorage } from '@waybill/memory'
import { expect, test } from 'vitest'
import { type ClaimedMessage, StorageError } from '../contracts/index.ts'
import { Outbox } from '../outbox/outbox.ts'
import type { LaneStore } from './lane-store.ts'

const everything = { limit: 10, maxBytes: 1e6, skipTopics: [], probeTopics: [] }
const error = { code: 'REJECTED', message: 'on purpose' }
const lanes = Array.from({ length: 64 }, (_, lane) => lane)

test('the hold of a message that is gone is removed, also if the first claim to see that could not', async () => {
  const database = memoryDatabase()
  const store = memoryLaneStore(database)
  let isLocked = false
  const transaction: LaneStore['transaction'] = (work) =>
    isLocked ? Promise.reject(new StorageError('STORAGE_LOCKED', 'on purpose')) : store.transaction(work)
  const storage = memoryStorage({ database, laneStore: { ...store, transaction } })
  const holds = () => store.transaction((tx) => tx.holds(lanes))

  const outbox = new Outbox({ storage })
  await outbox.transaction((scope) => scope.enqueue('order.told', 1, { topic: 'orders', orderingKey: 'a' }))
  const session = await storage.join({ label: 'relay', leaseMs: 30_000 })
  const messages: ClaimedMessage[] = []
  while (messages.length === 0) messages.push(...(await storage.claim(session, everything)).messages)
  const tokens = messages.map(({ token }) => token)
  await storage.markPublishing(session, tokens)
  await storage.settle(
    session,
    tokens.map((token) => ({ type: 'retry', token, delayMs: 0, spendsAttempt: true, error })),
  )
  const [hold] = await holds()
  expect(hold).toMatchObject({ topic: 'orders', key: 'a' })

  await store.publish(messages.map(({ message }) => ({ position: hold?.head ?? 0, id: message.id })))
  isLocked = true
  await expect(storage.claim(session, everything)).rejects.toMatchObject({ code: 'STORAGE_LOCKED' })
  isLocked = false
  expect(await holds()).toHaveLength(1)
  await storage.claim(session, everything)
  expect(await holds()).toEqual([])
})
