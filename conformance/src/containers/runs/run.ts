import { randomUUID } from 'node:crypto'
import { identityOf, isRunning } from './process-identity.ts'

/** The variable by which processes learn the run that they belong to. */
export const runVariable = 'WAYBILL_TEST_RUN'

/** The run of containers that stay until somebody stops them. */
export const keptRun = 'kept'

/**
 * The run of tests that this process belongs to: the processes that share servers. Its name says which process has begun it;
 * when that one is gone, whoever notices removes the run's containers.
 */
export function currentRun(): string {
  return process.env[runVariable] ?? begin()
}

/** Begins a run for this process and its children; undefined if it belongs to one already. */
export function beginRun(): string | undefined {
  return process.env[runVariable] === undefined ? begin() : undefined
}

/** A name for a run that belongs to a process. */
export function newRun(owner: number): string {
  return `${identityOf(owner)}.${randomUUID().slice(0, 8)}`
}

function begin(): string {
  const run = newRun(process.pid)
  process.env[runVariable] = run
  return run
}

/** Whether a run's containers may still be needed. */
export function isAlive(run: string): boolean {
  return run === keptRun || isRunning(run)
}
