import { describe, expect, test } from 'vitest'
import { WriterWatch } from './writer-watch.ts'

describe('a watch over open writers', () => {
  test('with none open, everything drawn is complete', () => {
    const watch = new WriterWatch()
    watch.advance({ last: 10, writers: [] }, true)
    expect(watch.complete).toBe(10)
  })

  test('waits for those that were open then, not for those that came later', () => {
    const watch = new WriterWatch()
    watch.advance({ last: 10, writers: ['a'] }, true)
    expect(watch.complete).toBe(0)
    watch.advance({ last: 20, writers: ['b'] }, true)
    expect(watch.complete).toBe(10)
    watch.advance({ last: 30, writers: ['b'] }, true)
    watch.advance({ last: 40, writers: [] }, true)
    expect(watch.complete).toBe(30)
  })

  test('leaves a writer behind that stays open, with the lowest position that it can own', () => {
    const watch = new WriterWatch()
    watch.advance({ last: 5, writers: [] }, true)
    for (let i = 0; i < 4; i++) watch.advance({ last: 10, writers: ['a'] }, true)
    expect(watch.complete).toBe(10)
    expect(watch.watched).toEqual(['a'])
    watch.advance({ last: 99, writers: ['a'] }, true)
    expect(watch.complete).toBe(99)
    expect(watch.ended(['a'])).toBe(6)
    expect(watch.ended(['a'])).toBeNull()
  })

  test('takes a writer that was gone once for another one when its id comes back', () => {
    const watch = new WriterWatch()
    watch.advance({ last: 10, writers: ['a', 'b'] }, false)
    watch.advance({ last: 20, writers: ['b'] }, false)
    watch.advance({ last: 30, writers: ['a'] }, false)
    expect(watch.complete).toBe(10)
  })

  test('leaves nobody behind where reads cannot tell who has ended', () => {
    const watch = new WriterWatch()
    for (let i = 0; i < 50; i++) watch.advance({ last: 10, writers: ['a'] }, false)
    expect(watch.complete).toBe(0)
  })
})
