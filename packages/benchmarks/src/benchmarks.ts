import { type Benchmark, serverStorages } from './harness/benchmark.ts'
import { memoryCommits } from './suites/enqueue/memory-commits.ts'
import { sqliteCommits } from './suites/enqueue/sqlite-commits.ts'
import { memoryCpu } from './suites/relay/memory-cpu.ts'
import { sqliteMemory } from './suites/relay/sqlite-memory.ts'
import { memoryClaimCost } from './suites/store/memory-claim-cost.ts'
import { memoryRelayPath } from './suites/store/memory-relay-path.ts'
import { relayPath } from './suites/store/relay-path.ts'
import { sqliteClaimCost } from './suites/store/sqlite-claim-cost.ts'
import { sqliteEnqueue } from './suites/store/sqlite-enqueue.ts'
import { sqliteNeighbours } from './suites/store/sqlite-neighbours.ts'
import { sqliteRelayPath } from './suites/store/sqlite-relay-path.ts'

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
  ...serverStorages.flatMap((storage) => [relayPath(storage, false), relayPath(storage, true)]),
]
