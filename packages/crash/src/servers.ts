import type { Broker, ConsumerPlan } from './broker/broker.ts'
import { startBroker } from './broker/brokers.ts'
import { loadConsumer } from './broker/clients.ts'
import { allKeyNames, topics } from './producer/keys.ts'
import type { RunOptions } from './run-options.ts'
import type { OpenedForWork, RunDatabase } from './storages/storage.ts'
import { loadStorage } from './storages/storages.ts'
import { createTables } from './storages/tables.ts'
import type { TearDown } from './tear-down.ts'

/** A server cannot be had on this machine; the message says which one, and why. */
export class ServerUnavailableError extends Error {}

interface PreparedDatabase {
  readonly database: RunDatabase
  readonly work: OpenedForWork
  readonly singleWriter: boolean
}

/** With the tables of Waybill and of the run. */
export async function prepareDatabase(
  options: RunOptions,
  folder: string,
  tearDown: TearDown,
): Promise<PreparedDatabase> {
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

/** Null: nobody consumes. */
export async function planConsumers({ broker, consumers }: RunOptions): Promise<ConsumerPlan | null> {
  if (consumers === 0) return null
  const kind = await loadConsumer(broker)
  if (kind === null) throw new Error(`Nobody can consume from the broker '${broker}'`)
  return kind.plan(consumers, topics)
}

/** With everything in it that relays and consumers expect. */
export async function prepareBroker(
  { broker: name, brokerArguments }: RunOptions,
  { folder, consumerPlan }: { readonly folder: string; readonly consumerPlan: ConsumerPlan | null },
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
