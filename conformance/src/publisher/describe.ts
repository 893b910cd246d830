import { registerRules, type TestRunner } from '../register.ts'
import type { HarnessFactory } from '../rule.ts'
import { type RuleResult, runRules, type VerifyOptions } from '../run-rule.ts'
import type { PublisherHarness } from './harness.ts'
import { publisherRules } from './rules.ts'

/** Declares one test for each publisher rule. */
export function describePublisher(
  name: string,
  runner: TestRunner,
  createHarness: HarnessFactory<PublisherHarness>,
  options: VerifyOptions = {},
): void {
  registerRules({ name, contract: 'publisher', rules: publisherRules }, runner, createHarness, options)
}

/** Verifies the publisher rules without a test runner, one after the other. */
export function verifyPublisher(
  createHarness: HarnessFactory<PublisherHarness>,
  options: VerifyOptions = {},
): Promise<readonly RuleResult[]> {
  return runRules(publisherRules, createHarness, options)
}
