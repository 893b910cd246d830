import type { Rule } from '../rule.ts'
import { deliveryRules } from './delivery.rules.ts'
import { dispositionRules } from './disposition.rules.ts'
import { flowRules } from './flow.rules.ts'
import type { ConsumerHarness } from './harness.ts'

/** What every consumer does. */
export const consumerRules: readonly Rule<ConsumerHarness>[] = [...deliveryRules, ...dispositionRules, ...flowRules]
