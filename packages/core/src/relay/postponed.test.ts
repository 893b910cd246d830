import { expect, test, vi } from 'vitest'
import { claimed } from '../../test/claimed.ts'
import { manualRuntime } from '../../test/manual-runtime.ts'
import type { ClaimedMessage } from '../contracts/index.ts'
import { Postponed } from './postponed.ts'
import type { SettleItem } from './settle-queue.ts'

const accepted = (message: ClaimedMessage): SettleItem => ({
  claimed: message,
  settlement: { type: 'published', token: message.token },
})
const givenBack = (id: string): SettleItem => {
  const message = claimed(id)
  return { claimed: message, settlement: { type: 'release', token: message.token } }
}
const many = (count: number) => Array.from({ length: count }, (_, index) => accepted(claimed(`ok-${index}`)))
const ids = (items: readonly SettleItem[]) => items.map((item) => item.claimed.message.id)

function setup() {
  const runtime = manualRuntime()
  const onDue = vi.fn<() => void>()
  return { runtime, onDue, postponed: new Postponed(runtime, onDue) }
}

test('a failure among much that was accepted waits, and what comes after it waits with it', () => {
  const { postponed } = setup()
  const published = many(2)
  expect(postponed.sort([...published, givenBack('a')])).toEqual(published)
  expect(postponed.sort([givenBack('b')])).toEqual([])
  expect(postponed.isEmpty).toBe(false)
  expect(ids(postponed.take())).toEqual(['a', 'b'])
  expect(postponed.isEmpty).toBe(true)
})

test('a retry or a suspect that was accepted has something to be removed, and waits too', () => {
  const { postponed } = setup()
  const again = accepted(claimed('again', {}, { attempt: 2 }))
  const suspect = accepted(claimed('suspect', {}, { suspect: true }))
  expect(postponed.sort([again, ...many(3), suspect])).toHaveLength(3)
  expect(ids(postponed.take())).toEqual(['again', 'suspect'])
})

test('a failure alone is settled at once', () => {
  const { postponed } = setup()
  expect(ids(postponed.sort([givenBack('a'), ...many(1)]))).toEqual(['a', 'ok-0'])
  expect(postponed.isEmpty).toBe(true)
})

test('many failures do not wait for more', () => {
  const { postponed } = setup()
  for (let n = 1; n <= 99; n++) expect(postponed.sort([givenBack(`f${n}`), ...many(2)])).toHaveLength(2)
  expect(postponed.sort([givenBack('f100'), ...many(2)])).toHaveLength(102)
  expect(postponed.isEmpty).toBe(true)
})

test('none waits for longer than 100 ms after the first', async () => {
  const { postponed, runtime, onDue } = setup()
  postponed.sort([...many(2), givenBack('a')])
  await runtime.advance(60)
  postponed.sort([...many(2), givenBack('b')])
  await runtime.advance(39)
  expect(onDue).not.toHaveBeenCalled()
  await runtime.advance(1)
  expect(onDue).toHaveBeenCalledTimes(1)
  postponed.take()
  await runtime.advance(1000)
  expect(onDue).toHaveBeenCalledTimes(1)
})
