import type { Harness, HarnessFactory, Rule } from './rule.ts'
import { checkSkips, type RuleResult, type RunOptions, runRule } from './run-rule.ts'

/** The two functions of a test runner that the kit needs. Those of Vitest, node:test, Mocha, Jest and Bun fit as they are. */
export interface TestRunner {
  describe(name: string, body: () => void): unknown
  it(name: string, body: (...context: readonly unknown[]) => Promise<void>): unknown
}

export interface DescribeOptions extends RunOptions {
  /** Told of every result, also of skipped rules and of failed provisional ones. */
  readonly onResult?: (result: RuleResult) => void
}

/** A set of rules as tests: one test a rule, named by id and statement. */
export function registerRules<H extends Harness>(
  suite: { readonly name: string; readonly contract: string; readonly rules: readonly Rule<H>[] },
  runner: TestRunner,
  createHarness: HarnessFactory<H>,
  options: DescribeOptions,
): void {
  checkSkips(suite.rules, options.skip ?? [])
  runner.describe(`${suite.name} keeps the ${suite.contract} rules`, () => {
    for (const rule of suite.rules) {
      // No declared parameter: a runner that counts them would take the first for a callback.
      runner.it(`${rule.id}: ${rule.statement}`, async (...context) => {
        const result = await runRule(rule, createHarness, options)
        options.onResult?.(result)
        conclude(result, context[0])
      })
    }
  })
}

function conclude(result: RuleResult, test: unknown): void {
  if (result.result === 'failed' && result.level !== 'provisional') throw result.error
  if (result.result !== 'passed') markSkipped(test, result.reason ?? 'no reason given')
}

/** Tells the runner that the test did not count, where it has a word for that: Vitest and node:test hand it to the test. */
function markSkipped(test: unknown, reason: string): void {
  if (typeof test !== 'object' || test === null || !('skip' in test) || typeof test.skip !== 'function') return
  Reflect.apply(test.skip, test, [reason])
}
