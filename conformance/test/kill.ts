import { consumerRules } from '../src/consumer/rules.ts'
import { effectsRules } from '../src/effects/rules.ts'
import { inboxRules } from '../src/inbox/rules.ts'
import { publisherRules } from '../src/publisher/rules.ts'
import { relayRules } from '../src/relay/rules.ts'
import type { Harness, HarnessFactory, Rule } from '../src/rule.ts'
import { runRules } from '../src/run-rule.ts'
import { storageRules } from '../src/storage/rules.ts'
import {
  memoryConsumerHarness,
  memoryEffectsHarness,
  memoryHarness,
  memoryInboxHarness,
  memoryPublisherHarness,
  memoryRelayHarness,
} from './memory.ts'
import * as admin from './mutants/admin.ts'
import * as claim from './mutants/claim.ts'
import * as claimLimits from './mutants/claim-limits.ts'
import * as consumer from './mutants/consumer.ts'
import * as effects from './mutants/effects.ts'
import * as inbox from './mutants/inbox.ts'
import * as inboxCommands from './mutants/inbox-commands.ts'
import * as inboxCrashes from './mutants/inbox-crashes.ts'
import * as inboxLetters from './mutants/inbox-letters.ts'
import * as inboxTransitions from './mutants/inbox-transitions.ts'
import * as insert from './mutants/insert.ts'
import * as lease from './mutants/lease.ts'
import * as publisher from './mutants/publisher.ts'
import * as relay from './mutants/relay.ts'
import * as settle from './mutants/settle.ts'

/** The rules of one contract with the mutants that break them. */
export interface Hunt {
  readonly contract: string
  readonly rules: readonly { readonly id: string }[]
  readonly mutants: readonly string[]
  /** Rules that the mutant fails; without one, those that the memory adapter itself fails or leaves out. */
  killedBy(mutant?: string): Promise<readonly string[]>
}

const consuming = { ...inbox, ...inboxCrashes, ...inboxLetters, ...inboxCommands, ...inboxTransitions }
const storage = { ...insert, ...claim, ...claimLimits, ...lease, ...settle, ...admin }

export const hunts: readonly Hunt[] = [
  hunt('storage', storageRules, storage, opaque(memoryHarness)),
  hunt('inbox', inboxRules, consuming, opaque(memoryInboxHarness)),
  hunt('publisher', publisherRules, publisher, memoryPublisherHarness),
  hunt('consumer', consumerRules, consumer, memoryConsumerHarness),
  hunt('relay', relayRules, relay, opaque(memoryRelayHarness)),
  hunt('effects', effectsRules, effects, opaque(memoryEffectsHarness)),
]

function hunt<H extends Harness, Mutation>(
  contract: string,
  all: readonly Rule<H>[],
  mutants: Readonly<Record<string, Mutation>>,
  createHarness: (mutation?: Mutation) => Promise<H>,
): Hunt {
  // What breaks a rule breaks a stress rule sooner or later as well.
  const rules = all.filter(({ level }) => level !== 'stress')
  return {
    contract,
    rules,
    mutants: Object.keys(mutants),
    async killedBy(mutant) {
      const mutation = mutant === undefined ? undefined : mutants[mutant]
      const factory: HarnessFactory<H> = () => createHarness(mutation)
      const results = await runRules(rules, factory, { timeoutMs: 1500 })
      return results.filter(({ result }) => result !== 'passed').map(({ id }) => id)
    },
  }
}

/** As `describeStorage` does: rules only pass transactions on. */
function opaque<Mutation, H>(
  createHarness: (mutation?: Mutation) => Promise<unknown>,
): (mutation?: Mutation) => Promise<H> {
  return createHarness as (mutation?: Mutation) => Promise<H>
}
