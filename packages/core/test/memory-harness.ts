import { type MemoryInbox, type MemoryTransaction, memoryDatabase, memoryInbox } from '@waybill/memory'
import { exponential } from '../src/backoff/exponential.ts'
import type { MessageTypes } from '../src/catalogue/define-messages.ts'
import { Consumer } from '../src/consumer/consumer.ts'
import type { ConsumerOptions } from '../src/consumer/consumer-options.ts'
import type { Message } from '../src/contracts/index.ts'
import { makeSource, messages, type TestSource, type Types } from './consumer-harness.ts'
import { type ManualRuntime, manualRuntime, settled } from './manual-runtime.ts'

/** A consumer between a broker of the test's own and a database in memory, in time that stands still. */
export interface MemorySetup<Outgoing extends MessageTypes> {
  readonly runtime: ManualRuntime
  readonly inbox: MemoryInbox
  readonly broker: TestSource
  readonly consumer: Consumer<MemoryTransaction, Types, Outgoing>
  /** Name and message of each event, errors aside. */
  readonly events: readonly string[]
  readonly errors: readonly Error[]
  /** Rows that handlers have written, in the order of their keys. */
  effects(): readonly string[]
  /** Keys of the dead letters, with what became of them. */
  letters(): Promise<readonly string[]>
  /** Another process of the same consumer. */
  another(options?: Partial<ConsumerOptions<MemoryTransaction, Types, Outgoing>>): MemorySetup<Outgoing>
}

export function memorySetup<Outgoing extends MessageTypes = never>(
  options: Partial<ConsumerOptions<MemoryTransaction, Types, Outgoing>> = {},
  shared: { readonly runtime: ManualRuntime; readonly inbox: MemoryInbox } = makeShared(),
): MemorySetup<Outgoing> {
  const { runtime, inbox } = shared
  const broker = makeSource()
  const retry = exponential({ baseMs: 100, jitter: 'none', maxAttempts: 2 })
  const parts = { name: 'billing', source: broker.source, inbox, messages, runtime, retry }
  const consumer = new Consumer<MemoryTransaction, Types, Outgoing>({
    ...parts,
    immediateRetries: 0,
    pruneIntervalMs: 0,
    ...options,
  })
  const events: string[] = []
  for (const name of ['processed', 'duplicate', 'retry', 'dead', 'reject'] as const) {
    consumer.on(name, ({ message }: { readonly message: Message | undefined }) => events.push(`${name} ${message?.id}`))
  }
  const errors: Error[] = []
  consumer.on('error', (error: Error) => errors.push(error))
  return {
    ...{ runtime, inbox, broker, consumer, events, errors },
    effects: () => [...inbox.database.read('effects').keys()].toSorted(),
    async letters() {
      const listed = (await inbox.deadLetters?.list()) ?? []
      return listed.map(({ receipt, reason, attempts, redrives }) => `${receipt.key} ${reason} ${attempts} ${redrives}`)
    },
    another: (more = {}) => memorySetup({ ...options, ...more }, shared),
  }
}

let drawn = 0

function makeShared() {
  // Processes at the same time must not make the same ids.
  const runtime = Object.assign(manualRuntime(), { random: () => 0.5 + ++drawn * 1e-9 })
  return { runtime, inbox: memoryInbox({ database: memoryDatabase({ now: runtime.wallNow }) }) }
}

/** Writes an effect that must not happen twice. */
export async function effect(tx: MemoryTransaction, name: string): Promise<void> {
  if (tx.get('effects', name) !== undefined) throw new Error(`the effect of '${name}' happens twice`)
  await tx.put('effects', name, true)
}

/** Lets all that is under way go on until it waits for the clock. */
export async function quiet(): Promise<void> {
  for (let round = 0; round < 5; round += 1) await settled()
}
