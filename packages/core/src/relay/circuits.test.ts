import { describe, expect, test, vi } from 'vitest'
import { manualRuntime } from '../../test/manual-runtime.ts'
import { Circuits } from './circuits.ts'

const unavailable = { type: 'unavailable', scope: 'topic', error: new Error('gone') } as const
const unknown = { type: 'unknown', error: new Error('no answer') } as const
const rejected = { type: 'rejected', retryable: true, error: new Error('no') } as const

function setup() {
  const runtime = manualRuntime()
  const opened = vi.fn<(topic: string) => void>()
  const closed = vi.fn<(topic: string) => void>()
  return { runtime, opened, closed, circuits: new Circuits(runtime.now, { opened, closed }) }
}

describe('circuits', () => {
  test('an outage opens the circuit of its topic alone', () => {
    const { circuits, opened } = setup()
    circuits.failed('a', unavailable, false)
    expect(circuits.openTopics).toEqual(['a'])
    expect(circuits.isOpen('b')).toBe(false)
    expect(opened).toHaveBeenCalledTimes(1)
  })

  test('several messages of one call tell of one outage', () => {
    const { circuits, opened } = setup()
    for (let i = 0; i < 5; i++) circuits.failed('a', unavailable, false)
    expect(opened).toHaveBeenCalledTimes(1)
    expect(circuits.nextProbeInMs).toBe(1000)
  })

  test('one probe at a time, later and later while it fails, until one is accepted', async () => {
    const { circuits, runtime, closed } = setup()
    circuits.failed('a', unavailable, false)
    expect(circuits.startProbes()).toEqual([])
    await runtime.advance(1000)
    expect(circuits.startProbes()).toEqual(['a'])
    expect(circuits.startProbes()).toEqual([])
    circuits.failed('a', unavailable, true)
    expect(circuits.nextProbeInMs).toBe(2000)
    await runtime.advance(2000)
    expect(circuits.startProbes()).toEqual(['a'])
    circuits.accepted('a', 1)
    expect(circuits.openTopics).toEqual([])
    expect(closed).toHaveBeenCalledExactlyOnceWith('a')
  })

  test('probes are never further apart than 30 seconds', async () => {
    const { circuits, runtime } = setup()
    circuits.failed('a', unavailable, false)
    for (let i = 0; i < 10; i++) {
      await runtime.advance(30_000)
      circuits.startProbes()
      circuits.failed('a', unavailable, true)
    }
    expect(circuits.nextProbeInMs).toBe(30_000)
  })

  test('three unknown outcomes in a row count as an outage, and one that is accepted breaks the row', () => {
    const { circuits } = setup()
    circuits.failed('a', unknown, false)
    circuits.failed('a', unknown, false)
    circuits.accepted('a', 1)
    circuits.failed('a', unknown, false)
    circuits.failed('a', unknown, false)
    expect(circuits.isOpen('a')).toBe(false)
    circuits.failed('a', unknown, false)
    expect(circuits.isOpen('a')).toBe(true)
  })

  test('a rejection is no outage, and a rejected probe leaves the circuit open for the next one', async () => {
    const { circuits, runtime } = setup()
    circuits.failed('b', rejected, false)
    expect(circuits.isOpen('b')).toBe(false)
    circuits.failed('a', unavailable, false)
    await runtime.advance(1000)
    circuits.startProbes()
    circuits.failed('a', rejected, true)
    expect(circuits.isOpen('a')).toBe(true)
    expect(circuits.nextProbeInMs).toBe(1000)
  })

  test('the destination works for a message if it took something since the last unknown outcome', () => {
    const { circuits } = setup()
    expect(circuits.worksSinceUnknown('a', 'm1')).toBe(false)
    expect(circuits.worksSinceUnknown('a', 'm1')).toBe(false)
    circuits.accepted('a', 1)
    expect(circuits.worksSinceUnknown('a', 'm1')).toBe(true)
    expect(circuits.worksSinceUnknown('a', 'm1')).toBe(false)
    circuits.forget('m1')
    circuits.accepted('a', 1)
    expect(circuits.worksSinceUnknown('a', 'm1')).toBe(false)
  })
})
