import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Broker, ConsumerPlan } from './broker/broker.ts'
import type { ConsumerSlot } from './crew/consumer-slot.ts'
import { History } from './crew/history.ts'
import { openConsumers, openRelays, openSaboteur } from './crew/open-crew.ts'
import { Operator } from './crew/operator.ts'
import type { RelaySlot } from './crew/relay-slot.ts'
import type { Saboteur } from './crew/saboteur.ts'
import { Producers } from './producer/producers.ts'
import { Random } from './random.ts'
import { type RunOptions, shareWork } from './run-options.ts'
import { planConsumers, prepareBroker, prepareDatabase } from './servers.ts'
import type { OpenedForWork, RunDatabase } from './storages/storage.ts'
import type { TearDown } from './tear-down.ts'

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
  const setting = { folder, database, broker, history, random }
  const { slots, crasher } = openRelays(options, setting)
  tearDown.add(() => Promise.all([...slots, crasher].map((slot) => slot?.abort())))
  const consumers = openConsumers(options, consumerPlan, setting)
  tearDown.add(() => Promise.all(consumers.map((slot) => slot.abort())))
  const producers = openProducers(options, { singleWriter, database, folder, random })
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
    saboteur: openSaboteur(options, { relays: slots, consumers }, setting, producers),
  }
}

interface ProducerParts {
  readonly singleWriter: boolean
  readonly database: RunDatabase
  readonly folder: string
  readonly random: Random
}

function openProducers(options: RunOptions, { singleWriter, database, folder, random }: ProducerParts): Producers {
  const inputs = shareWork(options, singleWriter).map((share) => ({
    ...share,
    storage: options.storage,
    database: database.address,
    seed: random.seed(),
  }))
  return new Producers(inputs, folder)
}
