import { ConfigurationError, type OutboxAdmin, type PruneOptions } from '@waybill/core/contracts'
import type { MemoryDatabase } from '../database/memory-database.ts'
import { memoryDeadLetters } from './dead-letters.ts'
import { inspectMessage, liveRelays, oldestPendingAgeMs } from './inspect-message.ts'
import { type Schedule, scheduled } from './schedule.ts'

/** What operators and health checks ask of the outbox. */
export function memoryAdmin(database: MemoryDatabase, schedule?: Schedule): OutboxAdmin {
  const { lanes, messages } = database
  return {
    async inspect(id, { signal } = {}) {
      signal?.throwIfAborted()
      await lanes.settled()
      return inspectMessage(database, id)
    },
    async count({ signal } = {}) {
      signal?.throwIfAborted()
      await lanes.settled()
      const pending = messages.pending.size + messages.due.size + messages.scheduled.size
      const processing = countProcessing(database)
      return {
        pending: pending - processing,
        processing,
        published: messages.published.size,
        dead: messages.dead.size,
        oldestPendingAgeMs: oldestPendingAgeMs(database),
      }
    },
    prune: (options) =>
      pruneInBatches(options, (batchSize) =>
        scheduled(schedule, 'prune', () => prunePublished(database, options.olderThanMs, batchSize)),
      ),
    deadLetters: memoryDeadLetters(database, schedule),
  }
}

function countProcessing(database: MemoryDatabase): number {
  const positions = new Set(liveRelays(database).flatMap((relay) => relay.window))
  return [...positions].filter((position) => database.messages.at(position)?.status === 'PENDING').length
}

function prunePublished(database: MemoryDatabase, olderThanMs: number, batchSize: number): number {
  const oldest = database.now() - olderThanMs
  let count = 0
  for (const stored of database.messages.published) {
    if (count === batchSize) break
    if (stored.settledAt > oldest) continue
    database.messages.remove(stored)
    count++
  }
  if (count > 0) database.flush()
  return count
}

/** Calls `pruneBatch` until it finds less than a batch. Answers the sum. */
export async function pruneInBatches(
  options: PruneOptions,
  pruneBatch: (batchSize: number) => Promise<number>,
): Promise<number> {
  const { olderThanMs, batchSize = 1000, signal } = options
  refuseBadNumbers(olderThanMs, batchSize)
  for (let sum = 0; ; ) {
    signal?.throwIfAborted()
    const count = await pruneBatch(batchSize)
    sum += count
    if (count < batchSize) return sum
  }
}

function refuseBadNumbers(olderThanMs: number, batchSize: number): void {
  const problems = []
  if (!(olderThanMs >= 0)) problems.push({ option: 'olderThanMs', value: olderThanMs, rule: 'must be at least 0' })
  if (!(Number.isSafeInteger(batchSize) && batchSize > 0)) {
    problems.push({ option: 'batchSize', value: batchSize, rule: 'must be a whole number of at least 1' })
  }
  if (problems.length > 0) throw new ConfigurationError('prune', problems)
}
