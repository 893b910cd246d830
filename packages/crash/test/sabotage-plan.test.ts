import { expect, it } from 'vitest'
import { planSabotage, type Trick } from '../src/crew/sabotage-plan.ts'
import { Random } from '../src/random.ts'

const sizes = { kills: 30, pauses: 15, leaves: 8, brokerRestarts: 3, messages: 20_000 }

function count(tricks: readonly Trick[], wanted: Partial<Trick>): number {
  return tricks.filter((trick) => Object.entries(wanted).every(([name, value]) => trick[name as keyof Trick] === value))
    .length
}

it('does to relays and consumers what is their share, in order, before the last message', () => {
  const tricks = planSabotage(sizes, { random: new Random(1), relays: 3, consumers: 2 })
  expect(tricks).toHaveLength(56)
  expect(count(tricks, { deed: 'kill', to: 'consumer' })).toBe(12)
  expect(count(tricks, { deed: 'kill', to: 'relay' })).toBe(18)
  expect(count(tricks, { deed: 'pause', to: 'consumer' })).toBe(6)
  const moments = tricks.map(({ moment }) => moment)
  expect(moments).toEqual(moments.toSorted((left, right) => left - right))
  expect(Math.max(...moments)).toBeLessThan(19_000)
})

it('leaves the relays alone with it where there are no consumers', () => {
  const tricks = planSabotage(sizes, { random: new Random(1), relays: 3, consumers: 0 })
  expect(count(tricks, { to: 'consumer' })).toBe(0)
})

it('restarts the broker in each part of the run once', () => {
  for (let seed = 0; seed < 50; seed++) {
    const tricks = planSabotage(sizes, { random: new Random(seed), relays: 3, consumers: 2 })
    const parts = tricks.filter(({ to }) => to === 'broker').map(({ moment }) => Math.floor(moment / (19_000 / 3)))
    expect(parts).toEqual([0, 1, 2])
  }
})
