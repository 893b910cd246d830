import type { Rule } from '../rule.ts'
import { inboxConcurrencyRules } from './concurrency.rules.ts'
import type { AnyInboxHarness } from './harness.ts'
import { recordRules } from './record.rules.ts'

/** What every inbox does. */
export const inboxRules: readonly Rule<AnyInboxHarness>[] = [...recordRules, ...inboxConcurrencyRules]
