import { registerRules, type TestRunner } from '../register.ts'
import type { HarnessFactory } from '../rule.ts'
import { type RuleResult, runRules, type VerifyOptions } from '../run-rule.ts'
import type { AnyRelayHarness, RelayHarness } from './harness.ts'
import { relayRules } from './rules.ts'

/** Declares one test for each relay rule: the real relay between a storage and a publisher. */
export function describeRelay<Tx>(
  name: string,
  runner: TestRunner,
  createHarness: HarnessFactory<RelayHarness<Tx>>,
  options: VerifyOptions = {},
): void {
  registerRules({ name, contract: 'relay', rules: relayRules }, runner, opaque(createHarness), options)
}

/** Verifies the relay rules without a test runner, one after the other. */
export function verifyRelay<Tx>(
  createHarness: HarnessFactory<RelayHarness<Tx>>,
  options: VerifyOptions = {},
): Promise<readonly RuleResult[]> {
  return runRules(relayRules, opaque(createHarness), options)
}

/** Sound because rules only pass transactions on: what the runner gives is what the storage of the same harness gets. */
function opaque<Tx>(createHarness: HarnessFactory<RelayHarness<Tx>>): HarnessFactory<AnyRelayHarness> {
  return createHarness as unknown as HarnessFactory<AnyRelayHarness>
}
