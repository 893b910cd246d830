import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SortedList } from '../src/database/sorted-list.ts'

describe('SortedList', () => {
  it('is sorted after any inserts and removals, also over many blocks', () => {
    const step = fc.record({ value: fc.integer({ min: 0, max: 3000 }), remove: fc.boolean() })
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 4000, size: 'max' }),
        fc.integer({ min: 0, max: 3000 }),
        (steps, from) => {
          const list = new SortedList<number>((left, right) => left - right)
          const expected = new Set<number>()
          for (const { value, remove } of steps) {
            if (remove) expect(list.remove(value)).toBe(expected.delete(value))
            else if (!expected.has(value)) list.add(value)
            if (!remove) expected.add(value)
          }
          const sorted = [...expected].sort((left, right) => left - right)
          expect(list.size).toBe(sorted.length)
          expect(list.first()).toBe(sorted[0])
          const seen: number[] = []
          list.scan(
            (value) => value >= from,
            (value) => seen.push(value) < 1000,
          )
          expect(seen).toEqual(sorted.filter((value) => value >= from).slice(0, 1000))
        },
      ),
      { numRuns: 30 },
    )
  })
})
