import type { Outcome } from '../src/report.ts'
import { run } from '../src/run.ts'
import type { RunOptions } from '../src/run-options.ts'

/** A short run. */
export async function runCrash(options: Partial<RunOptions>): Promise<Outcome> {
  return await run({
    storage: 'sqlite',
    broker: 'log',
    relays: 3,
    consumers: 0,
    kills: 3,
    brokerRestarts: 0,
    messages: 400,
    seed: 1,
    rows: 'kept',
    oldBuild: null,
    keep: false,
    patienceMs: 3000,
    signal: new AbortController().signal,
    onStart: () => undefined,
    ...options,
  })
}
