import {
  ConfigurationError,
  type ConfigurationProblem,
  type OutboxAdmin,
  type PruneOptions,
} from '@waybill/core/contracts'
import type { SqlContext } from '../dialect.ts'
import type { SqlDatabase } from '../executor.ts'
import { countMessages } from './count.ts'
import { sqlDeadLetters } from './dead-letters.ts'
import { historyStep } from './history.ts'
import { inspectMessage } from './inspect.ts'

/** What operators and health checks ask of an outbox. `database` opens it at first use. */
export function sqlAdmin(context: SqlContext, database: () => Promise<SqlDatabase>): OutboxAdmin {
  return {
    async inspect(id, { signal } = {}) {
      signal?.throwIfAborted()
      return inspectMessage(context, await database(), id)
    },
    async count({ signal } = {}) {
      signal?.throwIfAborted()
      return countMessages(context, await database())
    },
    async prune(options) {
      refuseBadNumbers(options)
      const { olderThanMs, batchSize = 1000, signal } = options
      let removed = 0
      for (let after: number | null = 0; after !== null; ) {
        signal?.throwIfAborted()
        const step = await historyStep(context, await database(), { after, rows: batchSize, olderThanMs })
        removed += step.removed
        after = step.cursor
      }
      return removed
    },
    deadLetters: sqlDeadLetters(context, database),
  }
}

/** @throws {@link ConfigurationError} */
export function refuseBadNumbers({ olderThanMs, batchSize = 1000 }: PruneOptions): void {
  const problems: ConfigurationProblem[] = []
  if (!(olderThanMs >= 0)) problems.push({ option: 'olderThanMs', value: olderThanMs, rule: 'must be at least 0' })
  if (!(Number.isSafeInteger(batchSize) && batchSize > 0)) {
    problems.push({ option: 'batchSize', value: batchSize, rule: 'must be a whole number of at least 1' })
  }
  if (problems.length > 0) throw new ConfigurationError('prune', problems)
}
