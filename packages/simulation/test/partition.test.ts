import { expect, test } from 'vitest'
import { Partition } from '../src/broker/partition.ts'

function take(partition: Partition, count: number): void {
  for (let index = 0; index < count; index++) {
    const offset = partition.takeNext(10)
    if (offset !== null) partition.inFlight.set(offset, new AbortController())
  }
}

test('a partition is acknowledged as far as no offset is missing', () => {
  const partition = new Partition('p')
  take(partition, 3)
  partition.acknowledge(1)
  expect(partition.committed).toBe(0)
  partition.acknowledge(0)
  expect(partition.committed).toBe(2)
})

test('what is given back comes again before anything new', () => {
  const partition = new Partition('p')
  take(partition, 2)
  partition.giveBack(0)
  expect(partition.takeNext(10)).toBeNull()
  partition.redeliver(0)
  expect(partition.takeNext(10)).toBe(0)
  expect(partition.takeNext(10)).toBe(2)
})

test('a new owner begins at what was acknowledged, or before', () => {
  const partition = new Partition('p')
  take(partition, 3)
  partition.acknowledge(0)
  partition.acknowledge(1)
  expect(partition.revoke(1)).toHaveLength(1)
  expect(partition.takeNext(10)).toBe(1)
})
