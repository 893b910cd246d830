import { memoryPublisher, memoryStorage } from '@waybill/memory'
import { expect, test, vi } from 'vitest'
import type { ClaimToken, OutboxMessage } from '../contracts/index.ts'
import { Outbox } from '../outbox/outbox.ts'
import { systemRuntime } from '../runtime/system-runtime.ts'
import { Relay } from './relay.ts'

interface Seen {
  readonly written: readonly (readonly string[])[]
  /** Answered so far. */
  readonly claims: () => number
}

/** A relay that publishes two messages a call, and the windows that it writes. */
async function setup(onCall: (call: number, seen: Seen) => Promise<unknown>, maxBatchMessages = 10_000) {
  const storage = memoryStorage()
  const publisher = memoryPublisher()
  const outbox = new Outbox({ storage })
  await outbox.transaction(async ({ enqueue }) => {
    for (let n = 1; n <= 12; n++) await enqueue('order.told', n, { id: `m${n}`, topic: 'orders' })
  })
  const ids = new Map<ClaimToken, string>()
  const windows: string[][] = []
  const calls: string[][] = []
  let later = 0
  let claims = 0
  const relay = new Relay({
    batchSize: 2,
    runtime: { ...systemRuntime, now: () => systemRuntime.now() + later },
    storage: {
      ...storage,
      async claim(session, request) {
        const result = await storage.claim(session, request)
        claims++
        for (const { token, message } of result.messages) ids.set(token, message.id)
        return result
      },
      markPublishing(session, tokens) {
        windows.push(tokens.map((token) => ids.get(token) ?? ''))
        return storage.markPublishing(session, tokens)
      },
    },
    publisher: {
      specificationVersion: 'v1',
      name: publisher.name,
      capabilities: { ...publisher.capabilities, maxBatchMessages },
      async publish(messages: readonly OutboxMessage[], options) {
        calls.push(messages.map(({ id }) => id))
        await onCall(calls.length, { written: windows, claims: () => claims })
        return publisher.publish(messages, options)
      },
      close: () => publisher.close(),
    },
  })
  const passes = (ms: number) => {
    later += ms
  }
  return { relay, windows, calls, passes }
}

const bothBatches = (written: readonly (readonly string[])[]) =>
  vi.waitFor(() => expect(written.at(-1)).toEqual(['m5', 'm6', 'm7', 'm8']))

test('the next window is written while a batch is being published, and names both', async () => {
  const { relay, windows, calls } = await setup(async (call, { written }) => {
    if (call === 3) await bothBatches(written)
  })
  expect(await relay.drain()).toMatchObject({ published: 12 })
  expect(calls.slice(2, 4)).toEqual([
    ['m5', 'm6'],
    ['m7', 'm8'],
  ])
  expect(windows).not.toContainEqual(['m7', 'm8'])
})

test('no window is written ahead while the first batch is being published, though a part of it is settled', async () => {
  let during: readonly (readonly string[])[] = []
  const { relay, calls } = await setup(async (call, { written, claims }) => {
    if (call !== 2) return
    const before = claims()
    await vi.waitFor(() => expect(claims()).toBeGreaterThanOrEqual(Math.max(2, before)))
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    during = written.map((window) => [...window])
  }, 1)
  expect(await relay.drain()).toMatchObject({ published: 12 })
  expect(calls.slice(0, 2)).toEqual([['m1'], ['m2']])
  expect(during).toEqual([['m1', 'm2']])
})

test('a window that was written long ago is written again', async () => {
  const { relay, windows, passes } = await setup(async (call, { written }) => {
    if (call !== 3) return
    await bothBatches(written)
    passes(1000)
  })
  expect(await relay.drain()).toMatchObject({ published: 12 })
  expect(windows).toContainEqual(['m7', 'm8'])
})

test('before its first messages have been settled, a relay is answerable for one batch', async () => {
  const { relay, windows, calls } = await setup(async (call, { claims }) => {
    if (call === 1) await vi.waitFor(() => expect(claims()).toBe(2))
  })
  expect(await relay.drain()).toMatchObject({ published: 12 })
  expect(windows.slice(0, 2)).toEqual(calls.slice(0, 2))
})
