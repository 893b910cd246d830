import { describe, expect, test } from 'vitest'
import { type InFlight, InFlightRows } from './in-flight.ts'
import { LaneSession } from './session.ts'

const session = new LaneSession({ id: 's', label: 'relay', leaseMs: 1000, now: () => 0 })

function row(position: number): InFlight {
  const id = `message-${position}`
  const rest = { lane: 0, scheduled: false, attempts: 0, crashes: 0, settled: false }
  return { session, position, id, topic: 'orders', key: id, ...rest }
}

describe('rows in flight', () => {
  test('are known until they are removed, in the order in which they were added', () => {
    const rows = new InFlightRows()
    const [a, b, c] = [row(3), row(1), row(2)]
    for (const each of [a, b, c]) rows.add(each)
    rows.remove(b)
    expect(rows.positions()).toEqual([3, 2])
    expect(rows.values()).toEqual([a, c])
    expect([a.settled, b.settled, rows.size]).toEqual([false, true, 2])
  })

  test('are removed once', () => {
    const rows = new InFlightRows()
    const [a, b] = [row(1), row(2)]
    for (const each of [a, b]) rows.add(each)
    rows.remove(a)
    rows.remove(a)
    expect([rows.size, rows.positions()]).toEqual([1, [2]])
  })

  test('stay right over many batches that overlap', () => {
    const rows = new InFlightRows()
    let batch: InFlight[] = []
    for (let first = 1; first < 20_000; first += 500) {
      const next = Array.from({ length: 500 }, (_, index) => row(first + index))
      for (const each of next) rows.add(each)
      for (const each of batch) rows.remove(each)
      expect(rows.size).toBe(500)
      expect(rows.positions()).toEqual(next.map((each) => each.position))
      batch = next
    }
  })
})
