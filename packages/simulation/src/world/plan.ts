import type { Nature } from '../history/records.ts'
import type { Random } from '../random.ts'

/** What kind of trouble a schedule may have, and how much of what. Drawn from the seed; probabilities unless said otherwise. */
export interface Plan {
  readonly relays: number
  readonly producers: number
  readonly consumers: number
  readonly messages: number
  readonly keys: number
  readonly relay: RelayPlan
  readonly transactions: TransactionPlan
  readonly broker: BrokerPlan
  readonly trouble: TroublePlan
  /** Nothing happens that excuses a duplicate. */
  readonly calm: boolean
  /** Nothing but messages ends relays. */
  readonly onlyBombsEndRelays: boolean
}

export interface RelayPlan {
  readonly leaseMs: number
  readonly publishTimeoutMs: number
  readonly pollIntervalMs: number
  readonly idlePollIntervalMs: number
  readonly batchSize: number
  readonly maxBatchBytes: number
  /** Of one key a claim, where the publisher takes the messages of a key one by one. */
  readonly keyLimit: number
  readonly maxAttempts: number
  readonly maxCrashes: number
  readonly retryBaseMs: number
  readonly retentionMs: number
  /** Hints from other processes come, sooner or later. */
  readonly wakeups: boolean
}

export interface TransactionPlan {
  /** Locks each key before it enqueues for it. */
  readonly locked: number
  readonly rollback: number
  /** Stays open for a long time. */
  readonly long: number
  /** Becomes visible before its locks are gone. */
  readonly lateUnlock: number
  /** Commits without waiting for the disk. */
  readonly notDurable: number
  readonly scheduled: number
  readonly expiring: number
  readonly fewAttempts: number
  readonly thinkMs: number
}

export interface BrokerPlan {
  readonly atomicPerKey: boolean
  readonly natures: Readonly<Record<Exclude<Nature, 'plain'>, number>>
  readonly reject: number
  readonly refuse: number
  /** Reply lost; what was sent may arrive, now, later or never. */
  readonly unknown: number
  /** The whole call goes wrong: it never answers, throws, or answers too few outcomes. */
  readonly badCall: number
  readonly outages: boolean
}

export interface ConsumerTroublePlan {
  /** They are killed, paused and dismissed, and their partitions dealt out anew. */
  readonly consumerTrouble: boolean
  readonly handlerFailures: number
  /** Messages that end their consumer, each time that it handles them. */
  readonly handlerBombs: number
  /** How long handlers take at most, in milliseconds, also those that then end their consumer. */
  readonly handlerMs: number
  /** Dead letters of consumers come back by themselves. */
  readonly comeBacks: boolean
}

/** What may happen to processes and to the database. */
export interface TroublePlan extends ConsumerTroublePlan {
  readonly kills: boolean
  readonly pauses: boolean
  readonly leaves: boolean
  readonly crashLoop: boolean
  readonly failovers: boolean
  readonly clockJumps: boolean
  /** What happens, happens often. */
  readonly often: boolean
  /** Per step at the storage: it fails before it has an effect, or its reply is lost. */
  readonly storageFaults: number
  readonly redrives: boolean
  readonly discards: boolean
  readonly prunes: boolean
}

/**
 * `calm`: nothing that could publish twice. `bombs`: only messages end relays. `hot`: calm, and one key that keeps failing while
 * transactions stay open. `database`: much of what servers do.
 */
type Mood = 'calm' | 'bombs' | 'hot' | 'database' | 'mixed'

const special: readonly [Mood, ...Mood[]] = ['calm', 'bombs', 'hot', 'database']

export function drawPlan(random: Random): Plan {
  const mood = random.chance(0.4) ? random.pick(special) : 'mixed'
  const hot = mood === 'hot'
  const broker = drawBroker(random, mood)
  const trouble = drawTrouble(random, mood)
  return {
    relays: random.between(1, hot ? 2 : 4),
    producers: random.between(2, 5),
    consumers: random.chance(0.5) ? random.between(1, 3) : 0,
    messages: random.between(40, 95),
    keys: hot ? 1 : random.pick([1, 2, 3, 4, 6]),
    relay: drawRelay(random, mood, broker.natures.hang > 0),
    transactions: drawTransactions(random, mood),
    broker,
    trouble,
    calm: mood === 'calm' || hot,
    onlyBombsEndRelays: mood === 'bombs',
  }
}

function drawRelay(random: Random, mood: Mood, hangs: boolean): RelayPlan {
  // So long that a relay that comes to its turn like all others never loses it.
  const patient = mood !== 'mixed' && mood !== 'database'
  const leaseMs = patient || hangs ? random.between(500, 900) : random.between(150, 700)
  const pollIntervalMs = random.between(10, 60)
  return {
    leaseMs,
    publishTimeoutMs: random.between(patient ? 300 : 30, Math.floor(leaseMs * 0.6)),
    pollIntervalMs,
    // Probes of a circuit take up to half a minute: nobody should count the hours with polls.
    idlePollIntervalMs: pollIntervalMs + (hangs ? 2000 : random.between(20, 500)),
    batchSize: random.pick([1, 2, 4, 8, 20]),
    keyLimit: random.between(1, 4),
    maxBatchBytes: random.chance(0.2) ? random.between(60, 200) : 2 ** 20,
    maxAttempts: hangs ? 2 : random.between(mood === 'hot' ? 5 : 2, 6),
    maxCrashes: random.between(1, 3),
    retryBaseMs: random.pick([5, 20, 80, 200]),
    retentionMs: random.pick([0, 86_400_000, 86_400_000, 300]),
    wakeups: random.chance(0.5),
  }
}

function drawTransactions(random: Random, mood: Mood): TransactionPlan {
  return {
    locked: random.pick([0, 0.5, 1]),
    rollback: 0.12,
    long: mood === 'hot' ? 0.35 : random.pick([0, 0, 0.12, 0.12, 0.35]),
    lateUnlock: random.chance(0.6) ? 0.5 : 0,
    notDurable: mood === 'database' ? 0.6 : random.chance(0.3) ? 0.3 : 0,
    scheduled: random.chance(0.4) ? 0.2 : 0,
    expiring: random.chance(0.2) ? 0.1 : 0,
    fewAttempts: random.chance(0.3) ? 0.2 : 0,
    thinkMs: random.between(10, 120),
  }
}

function drawBroker(random: Random, mood: Mood): BrokerPlan {
  const mixed = mood === 'mixed' || mood === 'database'
  return {
    atomicPerKey: random.chance(0.5),
    natures: {
      bomb: mood === 'bombs' || (mixed && random.chance(0.15)) ? 0.05 : 0,
      hang: mixed && random.chance(0.12) ? 0.03 : 0,
      poison: random.chance(0.3) ? 0.05 : 0,
      fatal: random.chance(0.3) ? 0.04 : 0,
    },
    reject: mood === 'hot' ? 0.4 : random.pick([0, 0.06, 0.3]),
    refuse: random.pick([0, 0, 0.03, 0.1]),
    unknown: mixed ? random.pick([0, 0.05, 0.2]) : 0,
    badCall: mixed ? random.pick([0, 0, 0, 0.05, 0.15]) : 0,
    outages: random.chance(0.3),
  }
}

function drawTrouble(random: Random, mood: Mood): TroublePlan {
  const mixed = mood === 'mixed' || mood === 'database'
  const database = mood === 'database'
  return {
    kills: mixed && random.chance(database ? 0.2 : 0.55),
    pauses: mixed && random.chance(database ? 0.2 : 0.45),
    leaves: mood !== 'bombs' && mood !== 'hot' && random.chance(0.5),
    crashLoop: mixed && random.chance(0.1),
    failovers: mixed && random.chance(database ? 0.6 : 0.1),
    clockJumps: mixed && random.chance(database ? 0.6 : 0.1),
    often: database,
    storageFaults: mixed && random.chance(0.4) ? random.pick([0.003, 0.015]) : 0,
    redrives: mood !== 'calm' && random.chance(0.5),
    discards: random.chance(0.2),
    prunes: random.chance(0.3),
    ...drawConsumerTrouble(random),
  }
}

function drawConsumerTrouble(random: Random): ConsumerTroublePlan {
  const bombs = random.chance(0.25)
  return {
    // Who has ended a consumer can be judged where nothing but messages does.
    consumerTrouble: random.chance(bombs ? 0.25 : 0.7),
    handlerFailures: random.chance(0.5) ? 0.08 : 0,
    handlerBombs: bombs ? random.pick([0.03, 0.06]) : 0,
    handlerMs: random.pick([0, 30]),
    comeBacks: random.chance(0.5),
  }
}
