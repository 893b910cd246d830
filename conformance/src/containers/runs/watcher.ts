import { setTimeout as pass } from 'node:timers/promises'
import { findEngine } from '../engine/engine.ts'
import { isAlive } from './run.ts'
import { removeRun } from './sweep.ts'
import { endWatch } from './watch.ts'

const lookEveryMs = 500

/** A program: waits for the end of the run that its argument names, and removes what the run has left. */
const run = process.argv[2] ?? ''
while (isAlive(run)) await pass(lookEveryMs)
const engine = await findEngine()
if (engine !== undefined) {
  // A creation that was under way when the run was killed may still come to its end.
  for (let quiet = 0; quiet < 4; quiet += 1) {
    if ((await removeRun(engine, run)) > 0) quiet = 0
    await pass(lookEveryMs)
  }
}
await endWatch(run)
