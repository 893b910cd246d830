import {
  effectsHarness,
  pairHarness,
  type ReportResult,
  type ReportSubject,
  type RuleResult,
  summarize,
  verifyConsumer,
  verifyEffects,
  verifyInbox,
  verifyPublisher,
  verifyRelay,
  verifyStorage,
} from '@waybill/conformance'
import type { Adapter } from './harnesses.ts'

/** One set of rules to be held against one adapter, or one pair of them. */
export interface Verification {
  readonly subject: ReportSubject
  run(onResult: (result: RuleResult) => void): Promise<readonly RuleResult[]>
}

/** How often stress rules repeat themselves, and what servers of a busy machine may take for a rule, in milliseconds. */
const terms = { stress: 3, timeoutMs: 60_000 }

/** The rules of a storage adapter's own. */
export function ofStorage({ name, harnesses: { storage, inbox } }: Adapter): readonly Verification[] {
  const verifications: Verification[] = []
  if (storage !== undefined)
    verifications.push({
      subject: { storage: name, contract: 'storage' },
      run: (onResult) => verifyStorage(storage, { ...terms, onResult }),
    })
  if (inbox !== undefined)
    verifications.push({
      subject: { storage: name, contract: 'inbox' },
      run: (onResult) => verifyInbox(inbox, { ...terms, onResult }),
    })
  return verifications
}

/** The rules of a broker adapter's own. */
export function ofBroker({ name, harnesses: { publisher, consumer } }: Adapter): readonly Verification[] {
  const verifications: Verification[] = []
  if (publisher !== undefined)
    verifications.push({
      subject: { broker: name, contract: 'publisher' },
      run: (onResult) => verifyPublisher(publisher, { ...terms, onResult }),
    })
  if (consumer !== undefined)
    verifications.push({
      subject: { broker: name, contract: 'consumer' },
      run: (onResult) => verifyConsumer(consumer, { ...terms, onResult }),
    })
  return verifications
}

/** Storages and brokers that are verified with each other; what is a variant of one is verified with the other in memory. */
const matrix = {
  storages: ['memory', 'postgres', 'mysql', 'mariadb', 'sqlite'],
  brokers: ['memory', 'kafka', 'rabbitmq', 'redis-streams'],
}

/** The rules of the relay and of the consumer between the two, if they are to be verified together. */
export function ofPair(storage: Adapter, broker: Adapter): readonly Verification[] {
  const variants = [!matrix.storages.includes(storage.name), !matrix.brokers.includes(broker.name)]
  if (variants[0] && broker.name !== 'memory') return []
  if (variants[1] && storage.name !== 'memory') return []
  return [...(variants[1] ? [] : relayOf(storage, broker)), ...effectsOf(storage, broker)]
}

function relayOf(storage: Adapter, broker: Adapter): readonly Verification[] {
  const [createStorage, createPublisher] = [storage.harnesses.storage, broker.harnesses.publisher]
  if (createStorage === undefined || createPublisher === undefined) return []
  return [
    {
      subject: { storage: storage.name, broker: broker.name, contract: 'relay' },
      run: (onResult) => verifyRelay(pairHarness(createStorage, createPublisher), { ...terms, onResult }),
    },
  ]
}

function effectsOf(storage: Adapter, broker: Adapter): readonly Verification[] {
  const [createInbox, createConsumer] = [storage.harnesses.inbox, broker.harnesses.consumer]
  if (createInbox === undefined || createConsumer === undefined) return []
  return [
    {
      subject: { storage: storage.name, broker: broker.name, contract: 'effects' },
      run: (onResult) => verifyEffects(effectsHarness(createInbox, createConsumer), { ...terms, onResult }),
    },
  ]
}

/** Runs a verification and sums it up. */
export async function verify(
  verification: Verification,
  print: (line: string) => void,
): Promise<readonly ReportResult[]> {
  const { subject } = verification
  const name = [subject.storage, subject.broker, subject.contract].filter((part) => part !== undefined).join(' ')
  const results = await verification.run(({ id, result, reason = '' }) => {
    const why = result === 'passed' ? '' : `: ${reason.split('\n')[0]}`
    print(`${name}: ${id} ${result}${why}`)
  })
  const count = (wanted: RuleResult['result']) => results.filter(({ result }) => result === wanted).length
  print(`${name}: ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`)
  return summarize(subject, results)
}
