import { registerRules, type TestRunner } from '../register.ts'
import type { HarnessFactory } from '../rule.ts'
import { type RuleResult, runRules, type VerifyOptions } from '../run-rule.ts'
import type { ConsumerHarness } from './harness.ts'
import { consumerRules } from './rules.ts'

/** Declares one test for each consumer rule. */
export function describeConsumer(
  name: string,
  runner: TestRunner,
  createHarness: HarnessFactory<ConsumerHarness>,
  options: VerifyOptions = {},
): void {
  registerRules({ name, contract: 'consumer', rules: consumerRules }, runner, createHarness, options)
}

/** Verifies the consumer rules without a test runner, one after the other. */
export function verifyConsumer(
  createHarness: HarnessFactory<ConsumerHarness>,
  options: VerifyOptions = {},
): Promise<readonly RuleResult[]> {
  return runRules(consumerRules, createHarness, options)
}
