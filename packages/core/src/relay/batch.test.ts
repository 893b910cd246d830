import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { claimed } from '../../test/claimed.ts'
import { orderingScope } from '../contracts/index.ts'
import { wavesOf } from './batch.ts'

const ids = (waves: ReturnType<typeof wavesOf>) => waves.map((wave) => wave.map(({ message }) => message.id))

describe('waves of a batch', () => {
  test('an atomic publisher gets the batch in one call', () => {
    const messages = ['a', 'b', 'c'].map((id) => claimed(id, { orderingKey: 'k' }))
    expect(ids(wavesOf(messages, { oneOfAKey: false, size: 10 }))).toEqual([['a', 'b', 'c']])
  })

  test('else at most one message of a key is in a call', () => {
    const messages = [claimed('a1', { orderingKey: 'a' }), claimed('a2', { orderingKey: 'a' }), claimed('b')]
    expect(ids(wavesOf(messages, { oneOfAKey: true, size: 10 }))).toEqual([['a1', 'b'], ['a2']])
  })

  test('an empty batch takes no call', () => {
    expect(wavesOf([], { oneOfAKey: true, size: 10 })).toEqual([])
  })

  test('every message is in one wave, keys keep their order, and no wave is too large', () => {
    const keys = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 60 })
    fc.assert(
      fc.property(keys, fc.boolean(), fc.integer({ min: 1, max: 7 }), (of, oneOfAKey, size) => {
        const messages = of.map((key, index) => claimed(String(index), { orderingKey: key }))
        const waves = wavesOf(messages, { oneOfAKey, size })
        expect(waves.flat().toSorted((x, y) => Number(x.message.id) - Number(y.message.id))).toEqual(messages)
        for (const key of new Set(of)) {
          const order = waves.flat().filter(({ message }) => message.orderingKey === key)
          expect(order).toEqual(messages.filter(({ message }) => message.orderingKey === key))
        }
        for (const wave of waves) {
          expect(wave.length).toBeLessThanOrEqual(size)
          const scopes = wave.map(({ message }) => orderingScope(message))
          if (oneOfAKey) expect(new Set(scopes).size).toBe(scopes.length)
        }
      }),
    )
  })
})
