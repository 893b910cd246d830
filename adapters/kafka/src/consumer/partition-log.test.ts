import { describe, expect, it } from 'vitest'
import type { IncomingRecord } from '../client/client.ts'
import { PartitionLog } from './partition-log.ts'

function records(...offsets: readonly bigint[]): readonly IncomingRecord[] {
  return offsets.map((offset) => ({ offset, key: null, value: null, headers: {} }))
}

function logOf(...offsets: readonly bigint[]): PartitionLog {
  const log = new PartitionLog({ topic: 't', partition: 0 })
  log.push(records(...offsets))
  return log
}

const takeAll = (log: PartitionLog): readonly bigint[] => {
  const taken: bigint[] = []
  for (let next = log.take(); next !== undefined; next = log.take()) taken.push(next.record.offset)
  return taken
}

describe('a partition', () => {
  it('is committed up to the first record that is not done', () => {
    const log = logOf(5n, 6n, 9n)
    takeAll(log)
    log.finish(6n)
    expect(log.position()).toBeUndefined()
    log.finish(5n)
    expect(log.position()).toBe(7n)
    log.committed(7n)
    expect(log.position()).toBeUndefined()
    log.finish(9n)
    expect(log.position()).toBe(10n)
  })

  it('names a position again until it is committed', () => {
    const log = logOf(1n)
    takeAll(log)
    log.finish(1n)
    expect([log.position(), log.position()]).toEqual([2n, 2n])
  })

  it('does not take what has been here already', () => {
    const log = logOf(1n, 2n)
    expect(takeAll(log)).toEqual([1n, 2n])
    log.push(records(1n, 2n, 3n))
    expect(takeAll(log)).toEqual([3n])
  })

  it('hands nothing new out while a retry waits, and the retry first', () => {
    const log = logOf(1n, 2n, 3n)
    log.take()
    const due = log.retry(1n)
    expect(log.take()).toBeUndefined()
    due()
    expect(log.take()).toMatchObject({ record: { offset: 1n }, deliveries: 2 })
    expect(takeAll(log)).toEqual([2n, 3n])
  })

  it('tells what another may have had in hand: the first ones, and all before the first commit', () => {
    const log = new PartitionLog({ topic: 't', partition: 0 }, 2)
    log.push(records(1n, 2n, 3n, 4n))
    const early = () => log.take()?.isEarly
    expect([early(), early(), early()]).toEqual([true, true, true])
    log.committed(2n)
    expect(early()).toBe(false)
    const quick = new PartitionLog({ topic: 't', partition: 0 }, 2)
    quick.push(records(1n, 2n, 3n))
    quick.take()
    quick.committed(2n)
    expect([quick.take()?.isEarly, quick.take()?.isEarly]).toEqual([true, false])
  })

  it('that is taken away hands nothing out and commits nothing', () => {
    const log = logOf(1n, 2n)
    log.take()
    log.revoke()
    log.finish(1n)
    expect(log.signal.aborted).toBe(true)
    expect([log.take(), log.position()]).toEqual([undefined, undefined])
  })
})
