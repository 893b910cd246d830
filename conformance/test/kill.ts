import type { Harness, HarnessFactory, Rule } from '../src/rule.ts'
import { runRules } from '../src/run-rule.ts'

/** Rules that a mutant fails. */
export async function killedBy<H extends Harness>(
  rules: readonly Rule<H>[],
  createHarness: HarnessFactory<H>,
): Promise<readonly string[]> {
  const results = await runRules(rules, createHarness, { timeoutMs: 3000, stress: 1 })
  return results.filter(({ result }) => result === 'failed').map(({ id }) => id)
}
