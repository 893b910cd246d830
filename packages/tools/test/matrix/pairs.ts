import { describeEffects, describeRelay, effectsHarness, pairHarness, type TestRunner } from '@waybill/conformance'
import { afterAll, describe, it, vi } from 'vitest'
import { type Adapter, loadAdapters } from '../../src/conformance/harnesses.ts'

const brokers = ['kafka', 'rabbitmq', 'redis-streams']

/**
 * The relay and the effects rules on a storage with each broker, on real servers; `npm run conformance` repeats those of stress.
 *
 * @param name - Of the storage.
 */
export async function describePairs(name: string): Promise<void> {
  if (process.env['WAYBILL_TEST_SERVERS'] === '0') {
    skipped(`${name} with ${brokers.join(', ')}`, 'WAYBILL_TEST_SERVERS=0 says so')
    return
  }
  vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 })
  const adapters = await loadAdapters()
  const storage = known(adapters, name)
  afterAll(() => storage.close())
  for (const broker of brokers) await describePair(storage, known(adapters, broker))
}

/** Most of their time the rules wait for members to be missed: five wait at a time. The kit ends those that hang. */
const sideBySide: TestRunner = {
  describe: describe.concurrent,
  it: (name, body) => it(name, (...context) => body(...context)),
}

async function describePair(storage: Adapter, broker: Adapter): Promise<void> {
  const { storage: createStorage, inbox } = storage.harnesses
  const { publisher, consumer } = broker.harnesses
  if (!createStorage || !inbox || !publisher || !consumer) throw new Error(`${broker.name} has no harness`)
  const title = `${storage.name} with ${broker.name}`
  try {
    for (const { harnesses } of [storage, broker]) await harnesses.versions?.()
  } catch (error) {
    // In continuous integration nothing may be left out.
    if (process.env['CI'] === 'true') throw error
    skipped(title, error instanceof Error ? error.message : String(error))
    return
  }
  const terms = { stress: 1, timeoutMs: 60_000 }
  describeRelay(title, { describe, it }, pairHarness(createStorage, publisher), terms)
  describeEffects(title, sideBySide, effectsHarness(inbox, consumer), terms)
}

function known(adapters: ReadonlyMap<string, Adapter>, name: string): Adapter {
  const adapter = adapters.get(name)
  if (adapter === undefined) throw new Error(`no adapter '${name}' has harnesses`)
  return adapter
}

function skipped(title: string, reason: string): void {
  it(title, ({ skip }) => skip(reason))
}
