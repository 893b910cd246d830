import { describe, expect, it } from 'vitest'
import { exclusively } from './lock.ts'

describe('exclusively', () => {
  it('lets nobody in before the one inside has left, in the order of asking', async () => {
    const name = `lock-test-${process.pid}`
    const events: string[] = []
    const { promise: mayLeave, resolve: leave } = Promise.withResolvers<void>()
    const first = exclusively(name, async () => {
      events.push('first in')
      await mayLeave
      events.push('first out')
    })
    const second = exclusively(name, async () => events.push('second in'))
    leave()
    await Promise.all([first, second])
    expect(events).toEqual(['first in', 'first out', 'second in'])
  })

  it('goes on after work that failed', async () => {
    const name = `lock-failure-test-${process.pid}`
    await expect(exclusively(name, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await exclusively(name, async () => 'yes')).toBe('yes')
  })
})
