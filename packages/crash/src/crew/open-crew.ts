import type { Broker, ConsumerPlan } from '../broker/broker.ts'
import type { Producers } from '../producer/producers.ts'
import { Random } from '../random.ts'
import { leaseMs, type RunOptions } from '../run-options.ts'
import type { RunDatabase } from '../storages/storage.ts'
import { type ConsumerSlot, consumerSlot } from './consumer-slot.ts'
import type { History } from './history.ts'
import { type RelaySlot, relaySlot } from './relay-slot.ts'
import { Saboteur } from './saboteur.ts'

/** What everybody has to do with. */
export interface Setting {
  readonly folder: string
  readonly database: RunDatabase
  readonly broker: Broker
  readonly history: History
  readonly random: Random
}

interface Relays {
  readonly slots: readonly RelaySlot[]
  /** The relay that crashes by itself, again and again, if there is one. */
  readonly crasher: RelaySlot | null
}

export function openRelays(options: RunOptions, { folder, database, broker, history, random }: Setting): Relays {
  const relay = {
    storage: options.storage,
    database: database.address,
    broker: broker.address,
    rows: options.rows,
    leaseMs,
  }
  const module = options.relayModule ?? new URL('../relay/relay-process.ts', import.meta.url)
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

export function openConsumers(
  options: RunOptions,
  consumerPlan: ConsumerPlan | null,
  { folder, database, broker, history, random }: Setting,
): readonly ConsumerSlot[] {
  const consumer = { storage: options.storage, database: database.address, broker: broker.address }
  const module = options.consumerModule ?? new URL('../consumer/consumer-process.ts', import.meta.url)
  return (consumerPlan?.shares ?? []).map((shares, index) => {
    const name = `consumer-${index + 1}`
    return consumerSlot({ name, consumer, shares, module, folder, random: new Random(random.seed()), history })
  })
}

interface Victims {
  readonly relays: readonly RelaySlot[]
  readonly consumers: readonly ConsumerSlot[]
}

export function openSaboteur(
  { kills, brokerRestarts, messages }: RunOptions,
  { relays, consumers }: Victims,
  { broker, history, random }: Setting,
  producers: Producers,
): Saboteur {
  return new Saboteur({
    relays,
    consumers,
    broker,
    history,
    plan: { kills, pauses: Math.ceil(kills / 2), leaves: Math.ceil(kills / 4), brokerRestarts, messages },
    leaseMs,
    random: new Random(random.seed()),
    progress: () => producers.committed,
  })
}
