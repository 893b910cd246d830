import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { Tally } from '../src/command/tally.ts'
import { runSchedule } from '../src/schedule.ts'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

async function simulate(...options: string[]): Promise<{ readonly code: number; readonly stdout: string }> {
  const args = ['--conditions=@waybill/source', main, ...options]
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 })
    return { code: 0, stdout }
  } catch (error) {
    const { code, stdout } = error as { readonly code: number; readonly stdout: string }
    return { code, stdout }
  }
}

async function traceOf(seed: number): Promise<readonly string[]> {
  const lines: string[] = []
  await runSchedule({ seed, trace: (line) => lines.push(line) })
  return lines
}

test('some schedules pass, and have in them what they are for', { timeout: 120_000 }, async () => {
  const tally = new Tally()
  for (let seed = 1; seed <= 100; seed++) tally.add(await runSchedule({ seed }))
  expect(tally.failed).toEqual([])
  expect(tally.missed).toEqual([])
})

describe('a seed', () => {
  test('replays step by step', async () => {
    const lines = await traceOf(11)
    expect(lines.length).toBeGreaterThan(500)
    expect(await traceOf(11)).toEqual(lines)
    expect(await traceOf(12)).not.toEqual(lines)
  })

  test('that fails, fails again in the same way in another process', { timeout: 60_000 }, async () => {
    const mutant = ['--mutant', 'floor passing an open transaction']
    const many = await simulate('--schedules', '60', '--json', ...mutant)
    expect(many.code).toBe(1)
    const { seeds, failed } = JSON.parse(many.stdout.trimEnd().split('\n').at(-1) ?? '')
    expect(seeds).toHaveLength(failed)
    const replays = [0, 1].map(() => simulate('--seed', String(seeds[0]), '--trace', ...mutant))
    const [first, second] = (await Promise.all(replays)).map(({ code, stdout }) => ({
      code,
      lines: traceLines(stdout),
    }))
    expect(first?.code).toBe(1)
    expect(first?.lines.length).toBeGreaterThan(20)
    expect(second).toEqual(first)
  })
})

/** Without what the clock on the wall says. */
function traceLines(stdout: string): readonly string[] {
  return stdout.split('\n').filter((line) => !line.startsWith('1 schedules'))
}

test('a tally names the shares that are missed', () => {
  const tally = new Tally()
  const result = { violation: null, messages: 10, steps: 1, crashed: false, lanesMoved: true, interleaved: true }
  for (let seed = 1; seed <= 200; seed++) tally.add({ ...result, seed })
  expect(tally.missed).toEqual(['crashed: 0, at least 0.3', 'median messages: 10, at least 50'])
})
