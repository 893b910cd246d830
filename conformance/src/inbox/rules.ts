import type { Rule } from '../rule.ts'
import { commandRules } from './command.rules.ts'
import { commandConcurrencyRules } from './command-concurrency.rules.ts'
import { inboxConcurrencyRules } from './concurrency.rules.ts'
import { crashRules } from './crash.rules.ts'
import type { AnyInboxHarness } from './harness.ts'
import { letterRules } from './letters.rules.ts'
import { letterRedriveRules } from './letters-redrive.rules.ts'
import { recordRules } from './record.rules.ts'
import { transitionRules } from './transition.rules.ts'

/** What every inbox does. */
export const inboxRules: readonly Rule<AnyInboxHarness>[] = [
  ...recordRules,
  ...inboxConcurrencyRules,
  ...crashRules,
  ...letterRules,
  ...letterRedriveRules,
  ...commandRules,
  ...commandConcurrencyRules,
  ...transitionRules,
]
