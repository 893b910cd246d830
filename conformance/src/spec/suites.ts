import { consumerRules } from '../consumer/rules.ts'
import { effectsRules } from '../effects/rules.ts'
import { inboxRules } from '../inbox/rules.ts'
import { publisherRules } from '../publisher/rules.ts'
import { relayRules } from '../relay/rules.ts'
import type { Requirement, Rule } from '../rule.ts'
import { storageRules } from '../storage/rules.ts'

/** What the specification says of a rule: all but how it is verified. */
export interface StatedRule extends Pick<Rule<never>, 'id' | 'level' | 'statement' | 'intent'> {
  readonly requires?: readonly Pick<Requirement<never>, 'name'>[]
}

/** The rules of one contract, as a page of the specification. */
export interface Suite {
  /** File name of the page and word in reports. */
  readonly contract: string
  readonly title: string
  /** Who keeps these rules. */
  readonly introduction: string
  readonly rules: readonly StatedRule[]
}

export const suites: readonly Suite[] = [
  {
    contract: 'storage',
    title: 'Storage rules',
    introduction:
      'What every `OutboxStorage` does: it writes messages in the transaction of the business, hands them to relays in order, and keeps what became of them.',
    rules: storageRules,
  },
  {
    contract: 'inbox',
    title: 'Inbox rules',
    introduction:
      'What every `InboxStorage` does: it keeps receipts in the transaction of the effect, and, where it has them, crash marks, dead letters, results of commands and a log of states.',
    rules: inboxRules,
  },
  {
    contract: 'publisher',
    title: 'Publisher rules',
    introduction: 'What every `BrokerPublisher` does: it hands messages to a broker and says what became of each.',
    rules: publisherRules,
  },
  {
    contract: 'consumer',
    title: 'Consumer rules',
    introduction:
      'What every `BrokerConsumer` does: it takes messages from a broker and acknowledges what was handled.',
    rules: consumerRules,
  },
  {
    contract: 'relay',
    title: 'Relay rules',
    introduction:
      'What the relay of `@waybill/core` does between a storage and a publisher; verified for each pair of adapters.',
    rules: relayRules,
  },
  {
    contract: 'effects',
    title: 'Effects rules',
    introduction:
      'What the consumer of `@waybill/core` does between an inbox and a broker; verified for each pair of adapters.',
    rules: effectsRules,
  },
]
