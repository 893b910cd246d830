import { rm } from 'node:fs/promises'
import { onServer, sharedPostgres, sharedRedis } from '@waybill/conformance/containers'
import { expect, it } from 'vitest'
import type { Outcome } from '../../src/report.ts'
import type { RunOptions } from '../../src/run-options.ts'
import { runCrash } from '../run-crash.ts'

const timeout = 300_000

/** On Redis, which is the quickest to start; the run starts one of its own. */
async function runOnRedis(options: Partial<RunOptions>): Promise<Outcome> {
  const outcome = await runCrash({ broker: 'redis-streams', calm: true, ...options })
  if (outcome.folder !== null) await rm(outcome.folder, { recursive: true })
  return outcome
}

/** Whether a kill falls where the consumer is wrong is chance: runs again, with more kills, until it did. */
async function runUntil(found: (outcome: Outcome) => boolean, options: Partial<RunOptions>): Promise<Outcome> {
  let outcome = await runOnRedis({ consumers: 2, kills: 8, ...options })
  for (let more = 4; more > 0 && !found(outcome); more -= 1) {
    outcome = await runOnRedis({ consumers: 2, kills: 12, seed: more + 1, ...options })
  }
  return outcome
}

function broken(module: string): URL {
  return new URL(`../broken/${module}`, import.meta.url)
}

const postgres = await sharedPostgres()

onServer(await sharedRedis(), { it }, () => {
  it('finds what a consumer loses that acknowledges before it commits', { timeout }, async () => {
    const consumerModule = broken('acks-first.ts')
    const options = { relays: 1, consumerModule }
    const { report, problems } = await runUntil(({ report: { effectsMissing } }) => (effectsMissing ?? 0) > 0, options)
    expect(report.effectsMissing).toBeGreaterThan(0)
    expect(problems).toContainEqual(expect.stringMatching(/^\d+ without an effect: /))
    expect(report).toMatchObject({ lost: 0, effectsDoubled: 0 })
  })

  it('finds what a consumer does twice that writes no receipts', { timeout }, async () => {
    const consumerModule = broken('forgets-receipts.ts')
    const options = { consumerModule }
    const { report, problems } = await runUntil(({ report: { effectsDoubled } }) => (effectsDoubled ?? 0) > 0, options)
    expect(report.effectsDoubled).toBeGreaterThan(0)
    expect(problems).toContainEqual(expect.stringMatching(/^\d+ took effect twice/))
    expect(report).toMatchObject({ lost: 0, effectsMissing: 0 })
  })

  it('finds what a broker forgets that keeps messages in memory alone', { timeout }, async () => {
    const brokerArguments = ['--appendonly', 'no', '--save', '']
    const relayModule = broken('believes-memory.ts')
    const { report } = await runOnRedis({ kills: 0, relays: 1, brokerRestarts: 2, brokerArguments, relayModule })
    expect(report).toMatchObject({ phantom: 0, brokerRestarts: 2 })
    expect(report.lost).toBeGreaterThan(0)
  })

  onServer(postgres, { it }, () => {
    it('finds keys that a consumer reverses which handles a key side by side', { timeout }, async () => {
      const consumerModule = broken('all-at-once.ts')
      const { report } = await runOnRedis({
        storage: 'postgres',
        consumers: 1,
        kills: 0,
        messages: 1000,
        consumerModule,
      })
      expect(report.effectsOutOfOrder).toBeGreaterThan(0)
      expect(report).toMatchObject({ outOfOrder: 0, effectsMissing: 0, effectsDoubled: 0 })
    })
  })
})
