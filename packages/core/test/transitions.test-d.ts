import { expectTypeOf, test } from 'vitest'
import type { InboxStorage } from '../src/contracts/index.ts'
import { Transitions } from '../src/transitions/transitions.ts'

interface Transaction {
  readonly isTransaction: true
}

declare const inbox: InboxStorage<Transaction>
declare const tx: Transaction

const orders = new Transitions({
  inbox,
  machine: 'order',
  initial: ['placed'],
  moves: { placed: ['paid', 'cancelled'], paid: [], cancelled: [] },
})

test('only moves of the table can be written', () => {
  expectTypeOf(orders.transition(tx, { entity: 'o', from: 'placed', to: 'paid' })).resolves.toEqualTypeOf<{
    readonly sequence: number
  }>()
  void orders.transition(tx, { entity: 'o', from: null, to: 'placed', reason: 'new' })
  // @ts-expect-error: paid is final
  void orders.transition(tx, { entity: 'o', from: 'paid', to: 'placed' })
  // @ts-expect-error: cancelled is no state to begin in
  void orders.transition(tx, { entity: 'o', from: null, to: 'cancelled' })
  // @ts-expect-error: there is no such state
  void orders.transition(tx, { entity: 'o', from: 'placed', to: 'pade' })
  // @ts-expect-error: a move leads to a state that the table does not have
  new Transitions({ inbox, machine: 'order', moves: { placed: ['paid'] } })
})
