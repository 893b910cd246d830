import { expect, it } from 'vitest'
import { runRules } from '../src/run-rule.ts'
import { stressRules } from '../src/storage/stress.rules.ts'
import { memoryHarness, type StorageMutation } from './memory.ts'
import { fullBatchesAreSharedWithTheNextClaimer } from './mutants/claim.ts'
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
