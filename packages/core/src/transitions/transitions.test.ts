import { memoryInbox } from '@waybill/memory'
import { expect, test } from 'vitest'
import { settled } from '../../test/manual-runtime.ts'
import { Transitions } from './transitions.ts'

function setup() {
  const inbox = memoryInbox()
  const orders = new Transitions({
    inbox,
    machine: 'order',
    initial: ['placed'],
    moves: { placed: ['paid', 'cancelled'], paid: ['shipped'], shipped: [], cancelled: [] },
  })
  return { inbox, orders }
}

const entity = 'order-1'

test('moves are logged in the transaction that makes them', async () => {
  const { inbox, orders } = setup()
  await inbox.transaction(async (tx) => {
    expect(await orders.transition(tx, { entity, from: null, to: 'placed' })).toEqual({ sequence: 1 })
    expect(await orders.transition(tx, { entity, from: 'placed', to: 'paid', reason: 'card' })).toEqual({ sequence: 2 })
    await tx.put('orders', entity, 'paid')
  })
  const failed = inbox.transaction(async (tx) => {
    await orders.transition(tx, { entity, from: 'paid', to: 'shipped' })
    throw new Error('no')
  })
  await expect(failed).rejects.toThrow('no')
  expect(await orders.history(entity)).toMatchObject([
    { machine: 'order', entity, from: null, to: 'placed', sequence: 1 },
    { from: 'placed', to: 'paid', reason: 'card', sequence: 2 },
  ])
  expect(await orders.history('order-2')).toEqual([])
})

test.each([
  ['placed', 'shipped'],
  ['shipped', 'placed'],
  [null, 'paid'],
  ['lost', 'placed'],
  ['constructor', 'placed'],
])('a move from %j to %j, which the table does not have, is refused', async (from, to) => {
  const { inbox, orders } = setup()
  const refused = inbox.transaction((tx) => orders.transition(tx, { entity, from, to } as never))
  await expect(refused).rejects.toMatchObject({ code: 'ILLEGAL_TRANSITION', retryable: false })
  expect(await orders.history(entity)).toEqual([])
})

test('of two that move at once one is told which state it has lost to', async () => {
  const { inbox, orders } = setup()
  await inbox.transaction((tx) => orders.transition(tx, { entity, from: null, to: 'placed' }))
  const gate = Promise.withResolvers<void>()
  const paid = inbox.transaction(async (tx) => {
    await orders.transition(tx, { entity, from: 'placed', to: 'paid' })
    await gate.promise
  })
  await settled()
  const cancelled = inbox.transaction((tx) => orders.transition(tx, { entity, from: 'placed', to: 'cancelled' }))
  const expected = { code: 'TRANSITION_CONFLICT', retryable: true, current: 'paid' }
  const refused = expect(cancelled).rejects.toMatchObject(expected)
  gate.resolve()
  await paid
  await refused
  const unborn = inbox.transaction((tx) => orders.transition(tx, { entity: 'x', from: 'paid', to: 'shipped' }))
  await expect(unborn).rejects.toMatchObject({ code: 'TRANSITION_CONFLICT', current: null })
})

test('without `initial` an entity may begin in any state', async () => {
  const inbox = memoryInbox()
  const doors = new Transitions({ inbox, machine: 'door', moves: { open: ['shut'], shut: ['open'] } })
  await inbox.transaction((tx) => doors.transition(tx, { entity: 'd', from: null, to: 'shut' }))
  expect(await doors.history('d')).toHaveLength(1)
})

test('wrong options are reported at once', () => {
  const { transitions: _, ...inbox } = memoryInbox()
  const wrong = { inbox, machine: '', moves: { open: ['ajar'] }, initial: ['closed'] }
  expect(() => new Transitions(wrong as never)).toThrow(/inbox = .*machine = ''.*open = 'ajar'.*initial = 'closed'/)
  expect(() => new Transitions({ inbox, machine: 'm', moves: {} })).toThrow(/moves = /)
})
