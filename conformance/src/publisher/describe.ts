import { type DescribeOptions, registerRules, type TestRunner } from '../register.ts'
import type { HarnessFactory } from '../rule.ts'
import { type RuleResult, type RunOptions, runRules } from '../run-rule.ts'
import type { PublisherHarness } from './harness.ts'
import { publisherRules } from './rules.ts'

/** Declares one test for each publisher rule. */
export function describePublisher(
  name: string,
  runner: TestRunner,
  createHarness: HarnessFactory<PublisherHarness>,
  options: DescribeOptions = {},
): void {
  registerRules({ name, contract: 'publisher', rules: publisherRules }, runner, createHarness, options)
}

/** Verifies the publisher rules without a test runner, one after the other. */
export function verifyPublisher(
  createHarness: HarnessFactory<PublisherHarness>,
  options: RunOptions = {},
): Promise<readonly RuleResult[]> {
  return runRules(publisherRules, createHarness, options)
}
