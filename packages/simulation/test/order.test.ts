import { describe, expect, test } from 'vitest'
import { checkOrder, precedes } from '../src/invariants/order.ts'
import { handMade } from './history.ts'

describe('order', () => {
  test('is broken when a message overtakes one whose transaction had committed before it was enqueued', () => {
    const { history, committed, accept } = handMade()
    const first = committed()
    const second = committed()
    expect(() => checkOrder(history, accept(second))).toThrow(`'${second.id}' was accepted before '${first.id}'`)
  })

  test('is broken within a transaction too', () => {
    const { history, begin, enqueue, accept } = handMade()
    const tx = begin()
    enqueue(tx)
    const second = enqueue(tx)
    history.committed(tx)
    expect(() => checkOrder(history, accept(second))).toThrow('precedes it in its key')
  })

  test('says nothing of transactions that were open together, of other keys, and of the dead', () => {
    const { history, begin, enqueue, committed, accept } = handMade()
    const open = begin()
    enqueue(open)
    const later = committed()
    history.committed(open)
    expect(() => checkOrder(history, accept(later))).not.toThrow()
    const otherKey = committed({ scope: 't/other' })
    expect(() => checkOrder(history, accept(otherKey))).not.toThrow()
    const dead = committed({ scope: 't/dead' })
    dead.died = true
    expect(() => checkOrder(history, accept(committed({ scope: 't/dead' })))).not.toThrow()
  })

  test('counts a scheduled message from when it was due', () => {
    const { history, committed } = handMade()
    const scheduled = committed({ available: { from: 100, by: 100 } })
    const early = committed({}, 99)
    const late = committed({}, 100)
    expect(precedes(history, scheduled, early)).toBe(false)
    expect(precedes(history, scheduled, late)).toBe(true)
    history.clockSetBack(50)
    expect(precedes(history, scheduled, late)).toBe(false)
  })
})
