import type { Rule } from '../rule.ts'
import { effectCrashRules } from './crash.rules.ts'
import type { AnyEffectsHarness } from './harness.ts'
import { effectLetterRules } from './letters.rules.ts'
import { onceRules } from './once.rules.ts'
import { orderRules } from './order.rules.ts'
import { effectStormRules } from './storm.rules.ts'

/** What the consumer of @waybill/core does with an inbox and a broker. */
export const effectsRules: readonly Rule<AnyEffectsHarness>[] = [
  ...onceRules,
  ...orderRules,
  ...effectLetterRules,
  ...effectCrashRules,
  ...effectStormRules,
]
