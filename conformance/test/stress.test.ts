import { expect, it } from 'vitest'
import { effectStormRules } from '../src/effects/storm.rules.ts'
import { relayStormRules } from '../src/relay/storm.rules.ts'
import { runRules } from '../src/run-rule.ts'
import { stressRules } from '../src/storage/stress.rules.ts'
import {
  type EffectsMutation,
  memoryEffectsHarness,
  memoryHarness,
  memoryRelayHarness,
  type RelayMutation,
  type StorageMutation,
} from './memory.ts'
import { fullBatchesAreSharedWithTheNextClaimer } from './mutants/claim.ts'
import { everyMessageIsItsKey, whatIsGivenBackIsGone } from './mutants/effects.ts'
import { leasesHardlyEnd, unknownIsAccepted } from './mutants/relay.ts'
import { releasedMessagesComeBackReversed } from './mutants/settle.ts'

async function verdicts(mutation?: StorageMutation): Promise<readonly string[]> {
  const results = await runRules(stressRules, (() => memoryHarness(mutation)) as never, { stress: 5 })
  return results.map(({ result }) => result)
}

it('the memory adapter keeps the stress rules', async () => {
  expect(new Set(await verdicts())).toEqual(new Set(['passed']))
})

it.each([{ fullBatchesAreSharedWithTheNextClaimer }, { releasedMessagesComeBackReversed }])(
  '%o does not',
  async (one) => {
    for (const mutation of Object.values(one)) expect(await verdicts(mutation)).toContain('failed')
  },
)

async function stormVerdicts(mutation?: RelayMutation): Promise<readonly string[]> {
  const results = await runRules(relayStormRules, (() => memoryRelayHarness(mutation)) as never, { stress: 3 })
  return results.map(({ id, result }) => `${id} ${result}`)
}

it('the relay between memory adapters keeps the stress and fault rules', async () => {
  expect(await stormVerdicts()).toEqual(relayStormRules.map(({ id }) => `${id} passed`))
})

it.each([{ unknownIsAccepted }, { leasesHardlyEnd }])('%o does not keep the stress rule', async (one) => {
  for (const mutation of Object.values(one))
    expect(await stormVerdicts(mutation)).toContain('relay/keeps-its-word-under-load failed')
})

async function effectVerdicts(mutation?: EffectsMutation): Promise<readonly string[]> {
  const results = await runRules(effectStormRules, (() => memoryEffectsHarness(mutation)) as never, { stress: 3 })
  return results.map(({ id, result }) => `${id} ${result}`)
}

it('the consumer between memory adapters keeps the stress rule', async () => {
  expect(await effectVerdicts()).toEqual(effectStormRules.map(({ id }) => `${id} passed`))
})

it.each([{ everyMessageIsItsKey }, { whatIsGivenBackIsGone }])(
  '%o does not keep the stress rule of the consumer',
  async (one) => {
    for (const mutation of Object.values(one))
      expect(await effectVerdicts(mutation)).toContain('effects/keeps-its-word-under-load failed')
  },
)
