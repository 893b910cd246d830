import { describe, expect, test } from 'vitest'
import { Random } from '../src/random.ts'
import type { Actor } from '../src/scheduler/actor.ts'
import { Scheduler } from '../src/scheduler/scheduler.ts'

const limits = { maxSteps: 10_000, maxTime: 100_000 }

function setup(seed = 1) {
  const lines: string[] = []
  const scheduler = new Scheduler({ random: new Random(seed), trace: (line) => lines.push(line) })
  return { scheduler, lines, run: (until = () => false) => scheduler.run({ ...limits, until }) }
}

async function walk(actor: Actor, steps: number): Promise<void> {
  for (let step = 1; step <= steps; step++) {
    await actor.step(`step ${step}`)
    await actor.sleep(actor.runtime.random() * 20)
  }
}

async function trace(seed: number): Promise<readonly string[]> {
  const { scheduler, lines, run } = setup(seed)
  for (const name of ['a', 'b', 'c']) void walk(scheduler.actor({ name }), 20)
  await run()
  return lines
}

test('the same seed gives the same schedule, another seed another one', async () => {
  expect(await trace(7)).toEqual(await trace(7))
  expect(await trace(7)).not.toEqual(await trace(8))
})

test('one step is taken at a time, and all that it makes possible happens before the next', async () => {
  const { scheduler, run } = setup()
  const log: string[] = []
  const chain = async (name: string) => {
    const actor = scheduler.actor({ name })
    for (let turn = 0; turn < 50; turn++) {
      await actor.step('step')
      log.push(`${name} begins`)
      for (let microtask = 0; microtask < 30; microtask++) await null
      log.push(`${name} ends`)
    }
  }
  void chain('a')
  void chain('b')
  expect(await run()).toBe('idle')
  for (let index = 0; index < log.length; index += 2) {
    expect(log[index + 1]).toBe(log[index]?.replace('begins', 'ends'))
  }
  expect(new Set(log.slice(0, 20)).size).toBe(4)
})

test('the clock moves to the next timer when nobody can do anything', async () => {
  const { scheduler, run } = setup()
  const actor = scheduler.actor({ name: 'a' })
  const fired: number[] = []
  actor.runtime.setTimeout(() => fired.push(scheduler.now), 90_000)
  actor.runtime.setTimeout(() => fired.push(scheduler.now), 500)
  const cancel = actor.runtime.setTimeout(() => fired.push(-1), 100)
  cancel()
  expect(await run()).toBe('idle')
  expect(fired).toHaveLength(2)
  expect(fired[0]).toBeGreaterThanOrEqual(500)
  expect(fired[1]).toBeGreaterThanOrEqual(90_000)
})

describe('an actor', () => {
  test('that is dead takes no step, fires no timer and begins nothing', async () => {
    const { scheduler, run } = setup()
    const actor = scheduler.actor({ name: 'a' })
    const log: string[] = []
    void actor.step('waits').then(() => log.push('step'))
    actor.runtime.setTimeout(() => log.push('timer'), 10)
    actor.kill()
    void actor.step('later').then(() => log.push('later'))
    expect(await run()).toBe('idle')
    expect(log).toEqual([])
  })

  test('that is frozen goes on when it thaws; its clock has not stopped', async () => {
    const { scheduler, run } = setup()
    const actor = scheduler.actor({ name: 'a' })
    const other = scheduler.actor({ name: 'b' })
    const before = actor.runtime.now()
    let after = 0
    void actor.step('waits').then(() => {
      after = actor.runtime.now()
    })
    actor.freeze()
    other.runtime.setTimeout(() => actor.thaw(), 5000)
    expect(await run()).toBe('idle')
    expect(after - before).toBeGreaterThanOrEqual(5000)
  })

  test('is stopped at the step that its trap names, and not before', async () => {
    const { scheduler, lines, run } = setup()
    const actor = scheduler.actor({ name: 'a' })
    actor.trap = { step: 'marks', spring: () => actor.kill() }
    const work = async () => {
      for (const step of ['reads', 'marks 1 2', 'publishes']) await actor.step(step)
    }
    void work()
    await run()
    expect(lines.map((line) => line.split(': ')[1])).toEqual(['reads'])
  })
})

test('a run ends at its condition, at its limits, or with what is thrown after a step', async () => {
  const { scheduler, run } = setup()
  void walk(scheduler.actor({ name: 'a' }), 1000)
  expect(await run(() => scheduler.taken === 10)).toBe('done')
  expect(await scheduler.run({ until: () => false, maxSteps: 5, maxTime: 1e6 })).toBe('exhausted')
  expect(scheduler.taken).toBe(15)
  scheduler.afterStep = () => {
    throw new Error('broken')
  }
  await expect(run()).rejects.toThrow('broken')
})
