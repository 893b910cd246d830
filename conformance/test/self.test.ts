import { describe, expect, it } from 'vitest'
import { storageRules } from '../src/storage/rules.ts'
import { killedBy } from './kill.ts'
import { memoryHarness } from './memory.ts'
import * as admin from './mutants/admin.ts'
import * as claim from './mutants/claim.ts'
import * as claimLimits from './mutants/claim-limits.ts'
import * as insert from './mutants/insert.ts'
import * as lease from './mutants/lease.ts'
import * as settle from './mutants/settle.ts'

describe('mutants', () => {
  const killed = new Map<string, string[]>()
  for (const [name, mutation] of Object.entries({
    ...insert,
    ...claim,
    ...claimLimits,
    ...lease,
    ...settle,
    ...admin,
  })) {
    it(name, async () => {
      const ids = await killedBy(storageRules, () => memoryHarness(mutation) as never)
      for (const id of ids) killed.set(id, [...(killed.get(id) ?? []), name])
      expect(ids.length).toBeGreaterThan(0)
      expect(ids.length).toBeLessThan(6)
    })
  }
  it('all', () => {
    expect(storageRules.map(({ id }) => id).filter((id) => !killed.has(id))).toEqual([])
  })
})
