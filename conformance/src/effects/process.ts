import {
  type AnyMessages,
  type ConsumedMessage,
  Consumer,
  type ConsumerOptions,
  type HandlerContext,
} from '@waybill/core'
import type { BrokerConsumer } from '@waybill/core/contracts'
import type { Timeline } from '../eventually.ts'
import type { InboxConnection } from '../inbox/harness.ts'
import { labelOf } from '../samples.ts'
import type { OpaqueTransaction } from '../transaction.ts'
import type { AnyEffectsHarness } from './harness.ts'
import { writeEffect } from './ledger.ts'
import { inboxOf, Life } from './life.ts'

type Tx = OpaqueTransaction
type Options = ConsumerOptions<Tx, AnyMessages>

/** One run of a handler. */
export interface Run {
  readonly label: string
  readonly attempt: number
  readonly process: ServiceProcess
  /** Writes what the handler is for. A handler that does not call it writes it at its end. */
  write(): Promise<void>
}

/** What a process has of its own. */
export interface Connections extends InboxConnection<Tx> {
  readonly source: BrokerConsumer
}

export interface ProcessOptions extends Partial<Omit<Options, 'source' | 'inbox' | 'runtime'>> {
  /** What the handler does beside its effect. */
  readonly handle?: (run: Run) => unknown
  /** Called when a transaction has committed and the process does not know it yet. */
  readonly onCommit?: (process: ServiceProcess) => Promise<void>
}

/** What a handler waits for that never comes to its end. */
export const never: Promise<void> = new Promise(() => undefined)

/** Time that a rule does not come to see, in milliseconds. */
export const longMs = 600_000

/** A process of the service: a real consumer that applies messages to the ledger, and that can be killed. */
export class ServiceProcess {
  readonly consumer: Consumer<Tx>
  readonly life: Life = new Life()
  /** Labels of what it has applied, or found applied, in the order of the commits. */
  readonly done: string[] = []
  /** Those of them that it found applied. */
  readonly duplicates: string[] = []
  readonly runs: Pick<Run, 'label' | 'attempt'>[] = []

  constructor(
    { groups, topics }: AnyEffectsHarness,
    { source, ...connection }: Connections,
    time: Timeline,
    options: ProcessOptions,
  ) {
    const { handle = () => undefined, onCommit = async () => undefined, ...given } = options
    const inbox = inboxOf(connection, this.life, () => onCommit(this))
    this.consumer = new Consumer<Tx>({
      name: 'billing',
      group: groups[0],
      topics: [topics[0]],
      maxInFlight: 20,
      handlerTimeoutMs: longMs,
      retry: { maxAttempts: 3, delayMs: () => 50 },
      immediateRetries: 0,
      redriveIntervalMs: 50,
      pruneIntervalMs: 0,
      shutdownTimeoutMs: 2000,
      ...given,
      source: sourceOf(source, this.life),
      inbox,
      runtime: {
        now: () => time.now(),
        wallNow: () => time.wallNow(),
        setTimeout: (callback, ms) => time.setTimeout(callback, ms),
        random: Math.random,
      },
    })
    this.consumer.on('order.placed', (message, context) => this.#apply(message, context, { inbox, handle }))
    this.consumer.on('processed', ({ message }) => this.done.push(labelOf(message)))
    this.consumer.on('duplicate', ({ message }) => {
      this.done.push(labelOf(message))
      this.duplicates.push(labelOf(message))
    })
    // They are expected here, and are events, not failures of the rule.
    this.consumer.on('error', () => undefined)
    this.consumer.closed.catch(() => undefined)
  }

  attemptsAt(wanted: string): readonly number[] {
    return this.runs.filter(({ label }) => label === wanted).map(({ attempt }) => attempt)
  }

  async #apply(
    message: ConsumedMessage<unknown>,
    { tx, attempt }: HandlerContext<Tx>,
    { inbox, handle }: Pick<Options, 'inbox'> & Required<Pick<ProcessOptions, 'handle'>>,
  ): Promise<void> {
    const label = labelOf(message)
    let written = false
    const write = async () => {
      written = true
      await writeEffect(inbox, tx, message)
    }
    this.runs.push({ label, attempt })
    await handle({ label, attempt, process: this, write })
    if (!written) await write()
  }
}

/** The source of a process that may be dead: then it is not there to close it. */
function sourceOf(source: BrokerConsumer, life: Life): BrokerConsumer {
  const { specificationVersion, name, capabilities } = source
  return {
    specificationVersion,
    name,
    capabilities,
    consume: (subscription, handle) => source.consume(subscription, handle),
    async close() {
      if (!life.isOver) await source.close()
    },
  }
}
