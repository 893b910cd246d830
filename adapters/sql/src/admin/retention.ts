import type { SqlContext } from '../dialect.ts'
import type { SqlExecutor } from '../executor.ts'
import { historyStep } from './history.ts'

/** Removes some of the history that is over its time, now and then. */
export type Retention = (executor: SqlExecutor, justPublished: number) => Promise<void>

const fewestRows = 100

/**
 * History is removed as new history is made: after each publish, twice as many rows are looked at as it had. There is no
 * timer to stop and no burst. A walk through the table ends where all is young, and the next one waits until the oldest
 * history has aged noticeably.
 */
export function retention(context: SqlContext, retentionMs: number): Retention {
  const restMs = Math.min(Math.max(retentionMs / 100, 1000), 600_000)
  let after = 0
  let restsUntil = 0
  return async (executor, justPublished) => {
    if (performance.now() < restsUntil) return
    const rows = Math.max(fewestRows, justPublished * 2)
    const step = await historyStep(context, executor, { after, rows, olderThanMs: retentionMs })
    const goesOn = step.cursor !== null && (step.removed > 0 || step.young === 0)
    after = goesOn ? (step.cursor ?? 0) : 0
    if (!goesOn) restsUntil = performance.now() + restMs
  }
}
