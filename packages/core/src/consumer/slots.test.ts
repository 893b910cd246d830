import { expect, test } from 'vitest'
import { settled } from '../../test/manual-runtime.ts'
import { Slots } from './slots.ts'

function setup(count: number) {
  const slots = new Slots(count)
  const log: string[] = []
  const ends = new Map<string, () => void>()
  const begin = (name: string, alone?: boolean) =>
    slots.run(async () => {
      log.push(name)
      await new Promise<void>((resolve) => ends.set(name, resolve))
    }, alone)
  const end = async (name: string) => {
    ends.get(name)?.()
    await settled()
  }
  return { log, begin, end }
}

test('as many run at once as there are slots, in the order of their coming', async () => {
  const { log, begin, end } = setup(2)
  for (const name of ['a', 'b', 'c']) void begin(name)
  await settled()
  expect(log).toEqual(['a', 'b'])
  await end('b')
  expect(log).toEqual(['a', 'b', 'c'])
})

test('one that runs alone waits for all others, and those behind it wait for its end', async () => {
  const { log, begin, end } = setup(3)
  void begin('a')
  void begin('b')
  void begin('alone', true)
  void begin('c')
  await settled()
  expect(log).toEqual(['a', 'b'])
  await end('a')
  expect(log).toEqual(['a', 'b'])
  await end('b')
  expect(log).toEqual(['a', 'b', 'alone'])
  await end('alone')
  expect(log).toEqual(['a', 'b', 'alone', 'c'])
})

test('two that run alone do so one after the other', async () => {
  const { log, begin, end } = setup(3)
  void begin('first', true)
  void begin('second', true)
  void begin('a')
  void begin('b')
  await settled()
  expect(log).toEqual(['first'])
  await end('first')
  expect(log).toEqual(['first', 'second'])
  await end('second')
  expect(log).toEqual(['first', 'second', 'a', 'b'])
})

test('a job that fails frees its slot', async () => {
  const { log, begin } = setup(1)
  const slots = new Slots(1)
  const failure = new Error('mine')
  await expect(slots.run(() => Promise.reject(failure), true)).rejects.toBe(failure)
  expect(await slots.run(async () => 'next')).toBe('next')
  void begin('a')
  await settled()
  expect(log).toEqual(['a'])
})
