import { registerRules, type TestRunner } from '../register.ts'
import type { HarnessFactory } from '../rule.ts'
import { type RuleResult, runRules, type VerifyOptions } from '../run-rule.ts'
import type { AnyEffectsHarness, EffectsHarness } from './harness.ts'
import { effectsRules } from './rules.ts'

/** Declares one test for each effects rule: the real consumer between an inbox and a broker. */
export function describeEffects<Tx>(
  name: string,
  runner: TestRunner,
  createHarness: HarnessFactory<EffectsHarness<Tx>>,
  options: VerifyOptions = {},
): void {
  registerRules({ name, contract: 'effects', rules: effectsRules }, runner, opaque(createHarness), options)
}

/** Verifies the effects rules without a test runner, one after the other. */
export function verifyEffects<Tx>(
  createHarness: HarnessFactory<EffectsHarness<Tx>>,
  options: VerifyOptions = {},
): Promise<readonly RuleResult[]> {
  return runRules(effectsRules, opaque(createHarness), options)
}

/** Sound because rules only pass transactions on: what the runner gives is what the inbox of the same harness gets. */
function opaque<Tx>(createHarness: HarnessFactory<EffectsHarness<Tx>>): HarnessFactory<AnyEffectsHarness> {
  return createHarness as unknown as HarnessFactory<AnyEffectsHarness>
}
