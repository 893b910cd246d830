import { setImmediate as later } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { inParallel } from '../src/conformance/in-parallel.ts'

it('does no more at a time than it may, and answers in the order of the items', async () => {
  let [now, most] = [0, 0]
  const answers = await inParallel([5, 1, 4, 2, 3], 2, async (turns) => {
    now += 1
    most = Math.max(most, now)
    for (let turn = 0; turn < turns; turn += 1) await later()
    now -= 1
    return turns * 10
  })
  expect(answers).toEqual([50, 10, 40, 20, 30])
  expect(most).toBe(2)
})
