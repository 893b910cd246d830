import { findEngine } from './engine/engine.ts'
import { beginRun } from './runs/run.ts'
import { removeRun } from './runs/sweep.ts'
import { isWatched } from './runs/watch.ts'

/** The run, if it is ours to end and not part of a larger one. */
let begun: string | undefined

/** For Vitest's `globalSetup`: the test files that run from here on share servers. */
export function setup(): void {
  begun = beginRun()
}

/** Removes the containers of the run. Should this never be reached, a process that watches the run does it. */
export async function teardown(): Promise<void> {
  if (begun === undefined || !(await isWatched(begun))) return
  const engine = await findEngine()
  if (engine !== undefined) await removeRun(engine, begun)
}
