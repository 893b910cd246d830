import assert from 'node:assert/strict'
import type { Relay, RelayOptions } from '@waybill/core'
import type { BrokerPublisher, DeadLetter, Message, OutboxMessage } from '@waybill/core/contracts'
import type { Timeline } from '../eventually.ts'
import { type AnyRelayHarness, newRelay } from './harness.ts'
import { type Decide, ScriptedPublisher } from './scripted-publisher.ts'
import { type Severable, severable } from './severable.ts'

/** Lease of relays that a rule lets end, in milliseconds. */
export const leaseMs = 1500

export interface PublisherHooks {
  before?(messages: readonly Message[]): void | Promise<void>
  after?(): void
}

type CrewOptions = Partial<Omit<RelayOptions, 'storage' | 'publisher' | 'runtime'>>

const retry = { maxAttempts: 5, delayMs: () => 100 }

/** The relays of one rule, on one storage and one publisher. Disposing it ends what is still running. */
export class Crew implements AsyncDisposable {
  readonly harness: AnyRelayHarness
  readonly time: Timeline
  readonly publisher: ScriptedPublisher
  readonly #relays: Relay[] = []
  readonly #processes: Severable<AnyRelayHarness['storage']>[] = []

  constructor(harness: AnyRelayHarness, time: Timeline, decide?: Decide, publisher?: ScriptedPublisher) {
    this.harness = harness
    this.time = time
    this.publisher = publisher ?? new ScriptedPublisher(harness.publisher, decide)
  }

  /** A relay that polls often and retries soon. Errors are expected here: they are events, not test failures. */
  relay(options: CrewOptions & Partial<Pick<RelayOptions, 'storage' | 'publisher'>> = {}): Relay {
    const { harness, time, publisher } = this
    const lease = options.leaseMs ?? 5000
    const runtime = {
      now: () => time.now(),
      wallNow: () => time.wallNow(),
      setTimeout: (callback: () => void, ms: number) => time.setTimeout(callback, ms),
      random: Math.random,
    }
    const relay = newRelay(harness, {
      storage: harness.storage,
      publisher,
      pollIntervalMs: 20,
      idlePollIntervalMs: 100,
      shutdownTimeoutMs: 2000,
      environment: {},
      retry,
      ...options,
      // A server on a busy machine takes its time, and what is given up is published again.
      publishTimeoutMs: (options.publishTimeoutMs ?? Math.min(lease / 2, 2000)) * time.pace,
      leaseMs: lease * time.pace,
      runtime,
    })
    for (const trouble of ['error', 'dead', 'circuitOpened', 'brokerUnavailable'] as const) relay.on(trouble, ignore)
    this.#relays.push(relay)
    return relay
  }

  /** A relay that is running. */
  async start(options: Parameters<Crew['relay']>[0] = {}): Promise<Relay> {
    const relay = this.relay(options)
    await relay.start()
    return relay
  }

  /** Stops a relay, moving the clock while it does. */
  async stop(relay: Relay): Promise<void> {
    const stopped = relay.stop().then(() => true)
    await this.time.eventually('the relay to stop', () => this.time.within(20, stopped))
  }

  /** The storage as a process of its own sees it, which can be killed. */
  mortalStorage(cutAt?: keyof AnyRelayHarness['storage']): Severable<AnyRelayHarness['storage']> {
    const process = severable(this.harness.storage, cutAt)
    this.#processes.push(process)
    return process
  }

  /** Killed processes wake up for this: they have been told to stop before. */
  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = Promise.allSettled(this.#relays.map((relay) => relay.stop()))
    for (const process of this.#processes) process.mend()
    await this.time.within(4000, stopped)
  }

  /** The same publisher with something that happens before a call or after its answer. */
  publisherWith(hooks: PublisherHooks): BrokerPublisher {
    const { specificationVersion, name, capabilities } = this.publisher
    return {
      specificationVersion,
      name,
      capabilities,
      publish: async (messages, options) => {
        await hooks.before?.(messages)
        const outcomes = await this.publisher.publish(messages, options)
        hooks.after?.()
        return outcomes
      },
      close: async () => undefined,
    }
  }

  async enqueue(messages: readonly OutboxMessage[]): Promise<void> {
    await this.harness.runner.transaction((tx) => this.harness.storage.insert(tx, messages))
  }

  /** What can be read of a topic when at least `count` messages can, and nothing is pending any more. */
  async published(count: number, topic = 0): Promise<readonly Message[]> {
    const read = () => this.harness.read(this.harness.topics[topic] ?? '')
    try {
      return await this.time.eventually(`${count} messages published`, async () => {
        const messages = await read()
        return messages.length >= count ? messages : undefined
      })
    } catch (error) {
      const { pending, processing, dead } = await this.harness.storage.count()
      const { length } = await read()
      // What nobody has any more is no matter of time.
      if (pending + processing + dead === 0 && length < count)
        assert.fail(`lost: the topic has ${length} of ${count} messages, and none is pending or dead`)
      throw error
    }
  }

  /** Waits until no message is pending or being published. */
  async settled(): Promise<void> {
    await this.time.eventually('everything settled', async () => {
      const { pending, processing } = await this.harness.storage.count()
      return pending + processing === 0 || undefined
    })
  }

  /** The dead letters when there are `count`. */
  async dead(count: number): Promise<readonly DeadLetter[]> {
    return await this.time.eventually(`${count} dead letters`, async () => {
      const letters = await this.harness.storage.deadLetters.list()
      return letters.length >= count ? letters : undefined
    })
  }
}

/** What rules bring about on purpose is not for the log. */
function ignore(): void {
  // Rules look at what becomes of messages.
}
