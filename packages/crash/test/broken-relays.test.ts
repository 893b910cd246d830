import { rm } from 'node:fs/promises'
import { expect, it } from 'vitest'
import type { Outcome } from '../src/report.ts'
import type { RunOptions } from '../src/run-options.ts'
import { runCrash } from './run-crash.ts'

const timeout = 300_000

async function runBroken(module: string, options: Partial<RunOptions> = {}): Promise<Outcome> {
  const outcome = await runCrash({ relayModule: new URL(`broken/${module}`, import.meta.url), ...options })
  if (outcome.folder !== null) await rm(outcome.folder, { recursive: true })
  return outcome
}

it('finds what a relay loses that settles before it publishes', { timeout }, async () => {
  // Whether a kill falls between the two is chance.
  let outcome = await runBroken('settles-first.ts')
  for (let seed = 2; seed < 6 && outcome.report.lost === 0; seed += 1) {
    outcome = await runBroken('settles-first.ts', { kills: 8, seed })
  }
  const { report, problems, folder } = outcome
  expect(report.lost).toBeGreaterThan(0)
  expect(problems[0]).toMatch(/^\d+ lost: /)
  expect(folder).not.toBeNull()
})

it('finds what relays without a lease publish twice', { timeout }, async () => {
  const { report } = await runBroken('without-lease.ts', { kills: 0, calm: true })
  expect(report.duplicatesBy.unexplained).toBeGreaterThan(0)
})
