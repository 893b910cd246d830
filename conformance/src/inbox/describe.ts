import { registerRules, type TestRunner } from '../register.ts'
import type { HarnessFactory } from '../rule.ts'
import { type RuleResult, runRules, type VerifyOptions } from '../run-rule.ts'
import type { AnyInboxHarness, InboxHarness } from './harness.ts'
import { inboxRules } from './rules.ts'

/** Declares one test for each inbox rule. */
export function describeInbox<Tx>(
  name: string,
  runner: TestRunner,
  createHarness: HarnessFactory<InboxHarness<Tx>>,
  options: VerifyOptions = {},
): void {
  registerRules({ name, contract: 'inbox', rules: inboxRules }, runner, opaque(createHarness), options)
}

/** Verifies the inbox rules without a test runner, one after the other. */
export function verifyInbox<Tx>(
  createHarness: HarnessFactory<InboxHarness<Tx>>,
  options: VerifyOptions = {},
): Promise<readonly RuleResult[]> {
  return runRules(inboxRules, opaque(createHarness), options)
}

/** Sound because rules only pass transactions on: what the runner gives is what the inbox of the same harness gets. */
function opaque<Tx>(createHarness: HarnessFactory<InboxHarness<Tx>>): HarnessFactory<AnyInboxHarness> {
  return createHarness as unknown as HarnessFactory<AnyInboxHarness>
}
