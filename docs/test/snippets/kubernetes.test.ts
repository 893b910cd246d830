import { readFileSync } from 'node:fs'
import { Relay, stopOnSignals } from '@waybill/core'
import { memoryPublisher, memoryStorage } from '@waybill/memory'
import { expect, it } from 'vitest'

it('the process stops in good order when it is asked to', async () => {
  const storage = memoryStorage()
  const publisher = memoryPublisher()
  // #region stop
  const relay = new Relay({ storage, publisher, shutdownTimeoutMs: 20_000 })
  stopOnSignals([relay])
  await relay.start()
  // #endregion
  // A real signal would end the test runner as well.
  process.listeners('SIGTERM').at(-1)?.('SIGTERM')
  await relay.closed
  expect(await relay.health()).toMatchObject({ alive: false })
})

it('the pod is given more time than the relay takes', () => {
  const manifest = readFileSync(new URL('./relay-deployment.yaml', import.meta.url), 'utf8')
  const grace = Number(/terminationGracePeriodSeconds: (\d+)/.exec(manifest)?.[1])
  expect(grace).toBeGreaterThan(20)
  expect(manifest).toMatch(/maxUnavailable: 0/)
  expect(manifest).toMatch(/command: \["node", "relay.js"\]/)
})
