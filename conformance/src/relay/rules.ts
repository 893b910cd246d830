import type { Rule } from '../rule.ts'
import { relayCrashRules } from './crash.rules.ts'
import { relayFailureRules } from './failure.rules.ts'
import { relayFlowRules } from './flow.rules.ts'
import type { AnyRelayHarness } from './harness.ts'
import { relayOutageRules } from './outage.rules.ts'
import { relayStormRules } from './storm.rules.ts'

/** What the relay of @waybill/core does with a storage and a publisher. */
export const relayRules: readonly Rule<AnyRelayHarness>[] = [
  ...relayFlowRules,
  ...relayFailureRules,
  ...relayOutageRules,
  ...relayCrashRules,
  ...relayStormRules,
]
