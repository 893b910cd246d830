import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Broker, ConsumerPlan } from './broker/broker.ts'
import { startBroker } from './broker/brokers.ts'
import { loadConsumer } from './broker/clients.ts'
import { type ConsumerSlot, consumerSlot } from './crew/consumer-slot.ts'
import { History } from './crew/history.ts'
import { Operator } from './crew/operator.ts'
import { type RelaySlot, relaySlot } from './crew/relay-slot.ts'
import { Saboteur, type SaboteurOptions } from './crew/saboteur.ts'
import { allKeyNames, topics } from './producer/keys.ts'
import { Producers } from './producer/producers.ts'
import { Random } from './random.ts'
import { leaseMs, type RunOptions, shareWork } from './run-options.ts'
import type { OpenedForWork, RunDatabase } from './storages/storage.ts'
import { loadStorage } from './storages/storages.ts'
import { createTables } from './storages/tables.ts'

/** A server cannot be had on this machine; the message says which one, and why. */
export class ServerUnavailableError extends Error {}

/** Everybody who takes part. */
export interface Stage {
  readonly folder: string
  readonly database: RunDatabase
  readonly work: OpenedForWork
  readonly broker: Broker
  readonly history: History
  readonly slots: readonly RelaySlot[]
  /** The relay that crashes by itself, again and again, if there is one. */
  readonly crasher: RelaySlot | null
  readonly consumers: readonly ConsumerSlot[]
  readonly consumerPlan: ConsumerPlan | null
  readonly producers: Producers
  readonly operator: Operator
  readonly saboteur: Saboteur
}

/** What has been set up, to be taken down in reverse, however far the run has come. */
export class TearDown {
  readonly #steps: (() => Promise<unknown>)[] = []

  add(step: () => Promise<unknown>): void {
    this.#steps.unshift(step)
  }

  /** Every step is taken, also after one that fails. */
  async run(): Promise<void> {
    const errors: unknown[] = []
    for (const step of this.#steps) await step().catch((error: unknown) => errors.push(error))
    if (errors.length > 0) throw new AggregateError(errors, 'Not everything could be cleaned up')
  }
}

/** @param keepFolder - Asked at the end: whether somebody wants to look at the files. */
export async function setUp(options: RunOptions, tearDown: TearDown, keepFolder: () => boolean): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-crash-'))
  tearDown.add(async () => {
    if (!keepFolder()) await rm(folder, { recursive: true, force: true })
  })
  const { database, work, singleWriter } = await prepareDatabase(options, folder, tearDown)
  options.signal.throwIfAborted()
  const consumerPlan = await planConsumers(options)
  const broker = await prepareBroker(options, { folder, consumerPlan }, tearDown)
  options.signal.throwIfAborted()

  const random = new Random(options.seed)
  const history = new History()
  const { slots, crasher } = openSlots(options, { folder, database, broker, history, random })
  tearDown.add(() => Promise.all([...slots, crasher].map((slot) => slot?.abort())))
  const consumers = openConsumers(options, { folder, database, broker, history, random, consumerPlan })
  tearDown.add(() => Promise.all(consumers.map((slot) => slot.abort())))
  const shares = shareWork(options, singleWriter)
  const seeds = shares.map(() => random.seed())
  const inputs = shares.map((share, index) => ({
    ...share,
    storage: options.storage,
    database: database.address,
    seed: seeds[index] ?? 0,
  }))
  const producers = new Producers(inputs, folder)
  tearDown.add(() => producers.stop())
  return {
    folder,
    database,
    work,
    broker,
    history,
    slots,
    crasher,
    consumers,
    consumerPlan,
    producers,
    operator: new Operator(work, new Random(random.seed())),
    saboteur: makeSaboteur(options, { relays: slots, consumers, broker, history, random, producers }),
  }
}

async function prepareDatabase(options: RunOptions, folder: string, tearDown: TearDown) {
  const kind = await loadStorage(options.storage)
  const database = await kind.createDatabase(folder)
  if (!database.available) throw unavailable(options.storage, database.reason)
  tearDown.add(() => database.drop())
  const work = await kind.openForWork(database.address, 2)
  tearDown.add(() => work.close())
  await kind.migrate(work)
  await createTables(work.db, allKeyNames(), kind.numbering)
  return { database, work, singleWriter: kind.singleWriter }
}

function unavailable(what: string, reason: string): ServerUnavailableError {
  return new ServerUnavailableError(`${what} is not available: ${reason}`)
}

async function planConsumers({ broker, consumers }: RunOptions): Promise<ConsumerPlan | null> {
  if (consumers === 0) return null
  const kind = await loadConsumer(broker)
  if (kind === null) throw new Error(`Nobody can consume from the broker '${broker}'`)
  return kind.plan(consumers, topics)
}

/** With everything in it that relays and consumers expect. */
async function prepareBroker(
  { broker: name, brokerArguments }: RunOptions,
  { folder, consumerPlan }: Pick<Stage, 'folder' | 'consumerPlan'>,
  tearDown: TearDown,
): Promise<Broker> {
  const groups = new Set(consumerPlan?.shares.flat().map(({ group }) => group))
  const broker = await startBroker(name, {
    folder,
    topics,
    groups: [...groups],
    ...(brokerArguments === undefined ? {} : { serverArguments: brokerArguments }),
  })
  if (!broker.available) throw unavailable(name, broker.reason)
  tearDown.add(() => broker.stop())
  return broker
}

interface SlotParts extends Pick<Stage, 'folder' | 'database' | 'broker' | 'history'> {
  readonly random: Random
}

function openSlots(options: RunOptions, { folder, database, broker, history, random }: SlotParts) {
  const relay = {
    storage: options.storage,
    database: database.address,
    broker: broker.address,
    rows: options.rows,
    leaseMs,
  }
  const module = options.relayModule ?? new URL('relay/relay-process.ts', import.meta.url)
  const open = (name: string, crashes: boolean) =>
    relaySlot({
      name,
      relay,
      crashes,
      module,
      oldBuild: options.oldBuild,
      folder,
      random: new Random(random.seed()),
      history,
    })
  const names = Array.from({ length: options.relays }, (_, index) => `relay-${index + 1}`)
  return {
    slots: names.map((name) => open(name, false)),
    crasher: options.calm === true ? null : open('crasher', true),
  }
}

function openConsumers(options: RunOptions, parts: SlotParts & Pick<Stage, 'consumerPlan'>): readonly ConsumerSlot[] {
  const { folder, database, broker, history, random, consumerPlan } = parts
  const consumer = { storage: options.storage, database: database.address, broker: broker.address }
  const module = options.consumerModule ?? new URL('consumer/consumer-process.ts', import.meta.url)
  return (consumerPlan?.shares ?? []).map((shares, index) => {
    const name = `consumer-${index + 1}`
    return consumerSlot({ name, consumer, shares, module, folder, random: new Random(random.seed()), history })
  })
}

interface SaboteurParts
  extends Pick<SaboteurOptions, 'relays' | 'consumers' | 'broker' | 'history'>,
    Pick<Stage, 'producers'> {
  readonly random: Random
}

function makeSaboteur({ kills, brokerRestarts, messages }: RunOptions, parts: SaboteurParts): Saboteur {
  const { producers, random, ...others } = parts
  return new Saboteur({
    ...others,
    plan: { kills, pauses: Math.ceil(kills / 2), leaves: Math.ceil(kills / 4), brokerRestarts, messages },
    leaseMs,
    random: new Random(random.seed()),
    progress: () => producers.committed,
  })
}
