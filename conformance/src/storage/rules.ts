import type { Rule } from '../rule.ts'
import { claimRules } from './claim.rules.ts'
import { claimLimitRules } from './claim-limits.rules.ts'
import { claimTimeRules } from './claim-time.rules.ts'
import { claimTopicRules } from './claim-topics.rules.ts'
import { claimWriterRules } from './claim-writers.rules.ts'
import { countRules } from './count.rules.ts'
import { deadLetterRules } from './dead-letters.rules.ts'
import type { AnyStorageHarness } from './harness.ts'
import { insertRules } from './insert.rules.ts'
import { inspectRules } from './inspect.rules.ts'
import { leaseRules } from './lease.rules.ts'
import { sharingRules } from './lease-sharing.rules.ts'
import { suspectRules } from './lease-suspects.rules.ts'
import { outageRules } from './outage.rules.ts'
import { pruneRules } from './prune.rules.ts'
import { redriveRules } from './redrive.rules.ts'
import { settleRules } from './settle.rules.ts'
import { retryRules } from './settle-retry.rules.ts'
import { stressRules } from './stress.rules.ts'
import { transactionRules } from './transaction.rules.ts'

/** What every storage does, in the order of a message's life. */
export const storageRules: readonly Rule<AnyStorageHarness>[] = [
  ...insertRules,
  ...transactionRules,
  ...claimRules,
  ...claimTopicRules,
  ...claimLimitRules,
  ...claimTimeRules,
  ...claimWriterRules,
  ...leaseRules,
  ...suspectRules,
  ...sharingRules,
  ...settleRules,
  ...retryRules,
  ...deadLetterRules,
  ...redriveRules,
  ...inspectRules,
  ...countRules,
  ...pruneRules,
  ...stressRules,
  ...outageRules,
]
