import { expect, it } from 'vitest'
import { runCrash } from './run-crash.ts'

it('finds nothing broken in our relay, however it is treated', { timeout: 300_000 }, async () => {
  const { report, problems, folder } = await runCrash({ patienceMs: 30_000, brokerRestarts: 1 })
  expect(problems).toEqual([])
  expect(folder).toBeNull()
  const { messages, lost, phantom, outOfOrder, kills, pauses, leaves, brokerRestarts } = report
  expect({ messages, lost, phantom, outOfOrder, kills, brokerRestarts }).toEqual({
    messages: 400,
    lost: 0,
    phantom: 0,
    outOfOrder: 0,
    kills: 3,
    brokerRestarts: 1,
  })
  expect(pauses).toBeGreaterThan(0)
  expect(leaves).toBeGreaterThan(0)
})

it('ends at once when it is told to, and leaves nothing behind', { timeout: 60_000 }, async () => {
  const interruption = new AbortController()
  const running = runCrash({ signal: interruption.signal, onStart: () => interruption.abort(new Error('enough')) })
  await expect(running).rejects.toThrow('enough')
})
