import type { Rule } from '../rule.ts'
import type { PublisherHarness } from './harness.ts'
import { publisherLifeRules } from './life.rules.ts'
import { outcomeRules } from './outcome.rules.ts'
import { publishRules } from './publish.rules.ts'

/** What every publisher does. */
export const publisherRules: readonly Rule<PublisherHarness>[] = [
  ...publishRules,
  ...outcomeRules,
  ...publisherLifeRules,
]
