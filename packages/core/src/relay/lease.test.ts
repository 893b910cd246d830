import { describe, expect, test, vi } from 'vitest'
import { manualRuntime } from '../../test/manual-runtime.ts'
import type { RelaySource } from '../contracts/index.ts'
import { Lease } from './lease.ts'

function setup(renew: () => Promise<{ held: boolean }>) {
  const runtime = manualRuntime()
  const onLost = vi.fn<() => void>()
  const onError = vi.fn<(error: unknown) => void>()
  const source = { renew } as Pick<RelaySource, 'renew'>
  const options = { source, session: { id: 's' }, leaseMs: 300, marginMs: 30, runtime, onLost, onError }
  return { runtime, onLost, onError, lease: new Lease(options, 0) }
}

describe('a lease', () => {
  test('is renewed at a third of its time', async () => {
    const renew = vi.fn(async () => ({ held: true }))
    const { runtime, lease } = setup(renew)
    await runtime.advance(1000)
    expect(renew).toHaveBeenCalledTimes(10)
    expect(lease.isSafe).toBe(true)
    lease.stop()
    expect(runtime.timers).toBe(0)
  })

  test('is unsafe within the margin before its end, counted from before the renewal was sent', async () => {
    const replies: ((value: { held: boolean }) => void)[] = []
    const { runtime, lease } = setup(() => new Promise((resolve) => replies.push(resolve)))
    await runtime.advance(250)
    expect(lease.isSafe).toBe(true)
    replies[0]?.({ held: true })
    await runtime.advance(119)
    expect(lease.isSafe).toBe(true)
    await runtime.advance(1)
    expect(lease.isSafe).toBe(false)
  })

  test('tells once that it is lost', async () => {
    const { runtime, onLost } = setup(async () => ({ held: false }))
    await runtime.advance(1000)
    expect(onLost).toHaveBeenCalledTimes(1)
  })

  test('a renewal that fails is repeated sooner, and its error is reported', async () => {
    const renew = vi.fn(async (): Promise<{ held: boolean }> => {
      if (renew.mock.calls.length < 3) throw new Error('no connection')
      return { held: true }
    })
    const { runtime, onError, lease } = setup(renew)
    await runtime.advance(160)
    expect(onError).toHaveBeenCalledTimes(2)
    expect(renew).toHaveBeenCalledTimes(3)
    expect(lease.isSafe).toBe(true)
  })
})
