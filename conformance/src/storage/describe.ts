import { registerRules, type TestRunner } from '../register.ts'
import type { HarnessFactory } from '../rule.ts'
import { type RuleResult, runRules, type VerifyOptions } from '../run-rule.ts'
import type { AnyStorageHarness, StorageHarness } from './harness.ts'
import { storageRules } from './rules.ts'

/** Declares one test for each storage rule. This call is an adapter author's whole test file. */
export function describeStorage<Tx>(
  name: string,
  runner: TestRunner,
  createHarness: HarnessFactory<StorageHarness<Tx>>,
  options: VerifyOptions = {},
): void {
  registerRules({ name, contract: 'storage', rules: storageRules }, runner, opaque(createHarness), options)
}

/** Verifies the storage rules without a test runner, one after the other. */
export function verifyStorage<Tx>(
  createHarness: HarnessFactory<StorageHarness<Tx>>,
  options: VerifyOptions = {},
): Promise<readonly RuleResult[]> {
  return runRules(storageRules, opaque(createHarness), options)
}

/** Sound because rules only pass transactions on: what the runner gives is what the storage of the same harness gets. */
function opaque<Tx>(createHarness: HarnessFactory<StorageHarness<Tx>>): HarnessFactory<AnyStorageHarness> {
  return createHarness as unknown as HarnessFactory<AnyStorageHarness>
}
