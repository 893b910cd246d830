import { describe, expect, test } from 'vitest'
import { manualRuntime } from '../../test/manual-runtime.ts'
import { Poller } from './poller.ts'

function setup() {
  const runtime = manualRuntime()
  const due: number[] = []
  const poller = new Poller({
    runtime,
    pollIntervalMs: 1000,
    idlePollIntervalMs: 8000,
    onDue: () => due.push(runtime.now()),
  })
  const claim = (found: boolean, more = false, later: readonly (number | null)[] = []) => {
    poller.claiming()
    poller.claimed(found, more, later)
  }
  return { runtime, due, poller, claim }
}

describe('a poller', () => {
  test('is due at the start', () => {
    expect(setup().poller.isDue).toBe(true)
  })

  test('is due at once while there is more', () => {
    const { poller, claim } = setup()
    claim(true, true)
    expect(poller.isDue).toBe(true)
  })

  test('waits longer and longer while nothing is found, up to the idle interval', async () => {
    const { runtime, poller, claim } = setup()
    const waits: number[] = []
    for (let i = 0; i < 5; i++) {
      claim(false)
      waits.push(poller.intervalMs)
      await runtime.advance(poller.intervalMs)
      expect(poller.isDue).toBe(true)
    }
    expect(waits).toEqual([2000, 4000, 8000, 8000, 8000])
    claim(true)
    expect(poller.intervalMs).toBe(1000)
  })

  test('never waits past what is known to fall due', async () => {
    const { runtime, due, claim } = setup()
    claim(false, false, [null, 300, 700])
    await runtime.advance(299)
    expect(due).toEqual([])
    await runtime.advance(1)
    expect(due).toEqual([300])
  })

  test('a wakeup makes it due at once, also one that comes while a claim is on its way', () => {
    const { poller } = setup()
    poller.claiming()
    poller.wake('committed')
    poller.claimed(false, false, [])
    expect(poller.isDue).toBe(true)
  })

  test('after an enqueue whose commit only the caller knows, it looks again and again for a while', async () => {
    const { runtime, due, poller, claim } = setup()
    claim(false)
    poller.wake('maybe-soon')
    while (runtime.now() < 100) {
      await runtime.advance(1)
      if (poller.isDue) claim(false)
    }
    expect(due.slice(0, 6)).toEqual([1, 3, 6, 11, 21, 41])
  })

  test('at rest it keeps no timer, and a wakeup ends the rest', () => {
    const { runtime, poller, claim } = setup()
    claim(false)
    poller.rest()
    expect(runtime.timers).toBe(0)
    claim(false)
    expect(runtime.timers).toBe(1)
    poller.rest()
    poller.wake('committed')
    expect(poller.isDue).toBe(true)
  })

  test('a stopped poller wakes nobody', async () => {
    const { runtime, due, poller, claim } = setup()
    claim(false)
    poller.stop()
    poller.wake('committed')
    await runtime.advance(100_000)
    expect(due).toEqual([])
    expect(runtime.timers).toBe(0)
  })
})
