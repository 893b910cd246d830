import type { RelayStorage } from './backlogs/address.ts'
import { type Benchmark, type Broker, brokers, type ServerStorage, serverStorages } from './harness/benchmark.ts'
import { indexCost } from './suites/enqueue/index-cost.ts'
import { memoryCommits } from './suites/enqueue/memory-commits.ts'
import { serverCommits } from './suites/enqueue/server-commits.ts'
import { sqliteCommits } from './suites/enqueue/sqlite-commits.ts'
import { postgresWakeupsCost } from './suites/enqueue/wakeups-cost.ts'
import { commitToEffect } from './suites/inbox/commit-to-effect.ts'
import { endToEnd } from './suites/inbox/end-to-end.ts'
import { oneATransaction } from './suites/inbox/one-a-transaction.ts'
import { commitToAck } from './suites/latency/commit-to-ack.ts'
import { commitToClaim } from './suites/latency/commit-to-claim.ts'
import { idleRelay } from './suites/latency/idle-relay.ts'
import { brokerBacklog } from './suites/relay/brokers/backlog.ts'
import { largeBacklog } from './suites/relay/brokers/large-backlog.ts'
import { brokerLayers } from './suites/relay/brokers/layers.ts'
import { brokerPeers } from './suites/relay/brokers/peers.ts'
import { memoryCpu } from './suites/relay/memory-cpu.ts'
import { sqliteMemory } from './suites/relay/sqlite-memory.ts'
import { backlog } from './suites/store/backlog.ts'
import { failing } from './suites/store/failing.ts'
import { horizon } from './suites/store/horizon.ts'
import { hotKeys } from './suites/store/hot-keys.ts'
import { keptHistory } from './suites/store/kept-history.ts'
import { memoryClaimCost } from './suites/store/memory-claim-cost.ts'
import { memoryRelayPath } from './suites/store/memory-relay-path.ts'
import { openWriter } from './suites/store/open-writer.ts'
import { relayPath } from './suites/store/relay-path.ts'
import { sqliteClaimCost } from './suites/store/sqlite-claim-cost.ts'
import { sqliteEnqueue } from './suites/store/sqlite-enqueue.ts'
import { sqliteNeighbours } from './suites/store/sqlite-neighbours.ts'
import { sqliteRelayPath } from './suites/store/sqlite-relay-path.ts'
import { threeRelays } from './suites/store/three-relays.ts'
import { topicDown } from './suites/store/topic-down.ts'

/** Everything that can be run, in this order. */
export const benchmarks: readonly Benchmark[] = [
  sqliteEnqueue(1),
  sqliteEnqueue(100),
  sqliteEnqueue(500),
  sqliteRelayPath(100, false),
  sqliteRelayPath(500, false),
  sqliteRelayPath(100, true),
  sqliteRelayPath(500, true),
  sqliteClaimCost,
  sqliteNeighbours,
  memoryRelayPath(100),
  memoryRelayPath(500),
  memoryClaimCost,
  memoryCpu(100),
  memoryCpu(500),
  sqliteMemory,
  sqliteCommits,
  memoryCommits,
  oneATransaction('sqlite'),
  ...serverStorages.flatMap(onServer),
  ...[...serverStorages, 'sqlite' as const].flatMap((storage) =>
    brokers.flatMap((broker) => toBroker(storage, broker)),
  ),
]

function toBroker(storage: RelayStorage, broker: Broker): readonly Benchmark[] {
  return [
    brokerBacklog(storage, broker, 1000),
    brokerBacklog(storage, broker, 10),
    largeBacklog(storage, broker, 1000),
    largeBacklog(storage, broker, 10),
    brokerLayers(storage, broker),
    ...(storage === 'postgres' ? [brokerPeers(broker)] : []),
    commitToAck(storage, broker),
    endToEnd(storage, broker),
    commitToEffect(storage, broker),
  ]
}

function onServer(storage: ServerStorage): readonly Benchmark[] {
  return [
    relayPath(storage, false),
    relayPath(storage, true),
    horizon(storage),
    openWriter(storage),
    failing(storage),
    topicDown(storage),
    hotKeys(storage),
    backlog(storage),
    keptHistory(storage),
    threeRelays(storage),
    serverCommits(storage),
    ...(storage === 'postgres' ? [postgresWakeupsCost] : []),
    indexCost(storage),
    commitToClaim(storage),
    idleRelay(storage),
    oneATransaction(storage),
  ]
}
