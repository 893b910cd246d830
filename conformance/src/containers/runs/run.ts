import { randomUUID } from 'node:crypto'
import { identityOf, isRunning } from './process-identity.ts'

/** The run that child processes belong to. */
const runVariable = 'WAYBILL_TEST_RUN'

/** The run of containers that stay until somebody stops them. */
export const keptRun = 'kept'

/**
 * A run of tests: the processes that share servers. Its name says which process it belongs to; when that process is gone,
 * whoever notices removes the run's containers.
 */
export function currentRun(): string {
  const inherited = process.env[runVariable]
  if (inherited !== undefined) return inherited
  const run = `${identityOf(process.pid)}.${randomUUID().slice(0, 8)}`
  process.env[runVariable] = run
  return run
}

/** Whether a run's containers may still be needed. */
export function isAlive(run: string): boolean {
  return run === keptRun || isRunning(run)
}
