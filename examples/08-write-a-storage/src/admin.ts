import type { DatabaseSync } from 'node:sqlite'
import { ConfigurationError, type OutboxAdmin, type OutboxCounts, type PruneOptions } from '@waybill/core/contracts'
import type { Database } from './database.ts'
import { nodeSqliteDeadLetters } from './dead-letters.ts'
import { inspectMessage } from './inspect.ts'

/** What operators and health checks ask of the outbox. */
export function nodeSqliteAdmin(database: Database): OutboxAdmin {
  const { now } = database
  const prune = `
    delete from waybill_messages where position in (
      select position from waybill_messages where status = 'PUBLISHED' and settled_at <= :until limit :batchSize)`
  return {
    async inspect(id, { signal } = {}) {
      signal?.throwIfAborted()
      return await database.read((sql) => inspectMessage(sql, id, now()))
    },
    async count({ signal } = {}) {
      signal?.throwIfAborted()
      return await database.read((sql) => countMessages(sql, now()))
    },
    prune: (options) =>
      inBatches(options, (batchSize) =>
        database.write((sql) =>
          Number(sql.prepare(prune).run({ until: now() - options.olderThanMs, batchSize }).changes),
        ),
      ),
    deadLetters: nodeSqliteDeadLetters(database),
  }
}

/** Calls `pruneBatch`, a transaction each, until it finds less than a batch. Answers the sum. */
export async function inBatches(
  { olderThanMs, batchSize = 1000, signal }: PruneOptions,
  pruneBatch: (batchSize: number) => Promise<number>,
): Promise<number> {
  if (!(olderThanMs >= 0)) {
    throw new ConfigurationError('prune', [{ option: 'olderThanMs', value: olderThanMs, rule: 'must be at least 0' }])
  }
  for (let sum = 0; ; ) {
    signal?.throwIfAborted()
    const count = await pruneBatch(batchSize)
    sum += count
    if (count < batchSize) return sum
  }
}

const counting = `
  with windows as (
    select position.value as position from waybill_relays, json_each(waybill_relays.window) as position
    where lease_until > :now and lease_until <= :now + lease_ms
  ), messages as (
    select *, status = 'PENDING' and position in (select position from windows) as processing,
      max(inserted_at, coalesce(available_at, 0)) as waiting_since
    from waybill_messages
  )
  select
    count(*) filter (where status = 'PENDING' and not processing) as pending,
    count(*) filter (where processing) as processing,
    count(*) filter (where status = 'PUBLISHED') as published,
    count(*) filter (where status = 'DEAD') as dead,
    :now - min(waiting_since) filter (where status = 'PENDING' and waiting_since <= :now) as oldestPendingAgeMs
  from messages`

function countMessages(sql: DatabaseSync, now: number): OutboxCounts {
  return { ...(sql.prepare(counting).get({ now }) as unknown as OutboxCounts) }
}
