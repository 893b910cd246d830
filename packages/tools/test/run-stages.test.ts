import { describe, expect, it } from 'vitest'
import { runStages, summaryLines } from '../src/test/run-stages.ts'
import { type Stage, type StageResult, singleCheck } from '../src/test/stage.ts'

function stage(name: string, run: Stage['run']): Stage {
  return { name, title: `${name} things`, run }
}

async function runAll(
  stages: readonly Stage[],
  heartbeatMs?: number,
): Promise<{ result: StageResult; lines: string[] }> {
  const lines: string[] = []
  const print = (line: string): void => {
    lines.push(line.replaceAll(/\d+\.\d s/g, 'T'))
  }
  const result = await runStages(stages, heartbeatMs === undefined ? { print } : { print, heartbeatMs })
  return { result, lines }
}

describe('runStages', () => {
  it('adds up, and ends with the totals alone on a line below the reasons of what was skipped', async () => {
    const skip = { name: 'redis', reason: 'no server' }
    const { result } = await runAll([
      stage('unit', async () => ({ passed: 7, failed: 0, skipped: [skip], output: '' })),
      stage('lint', async () => singleCheck(true, '')),
    ])
    expect(summaryLines(result)).toEqual(['skipped: redis (no server)', '8 passed, 0 failed, 1 skipped'])
  })

  it('names what failed right above the totals, by the test or by the stage', async () => {
    const skip = { name: 'redis', reason: 'no server' }
    const failures = ['test/a.test.ts > adds: 1 is not 2']
    const { result } = await runAll([
      stage('unit', async () => ({ passed: 7, failed: 1, failures, skipped: [skip], output: 'long' })),
      stage('lint', async () => singleCheck(false, '\nno such rule\nand more')),
    ])
    expect(summaryLines(result)).toEqual([
      'skipped: redis (no server)',
      'FAILED: unit: test/a.test.ts > adds: 1 is not 2',
      'FAILED: lint: no such rule',
      '7 passed, 2 failed, 1 skipped',
    ])
  })

  it('says before the totals on what the tests ran', async () => {
    const note = 'tested on PostgreSQL 17.11 (official)'
    const { result } = await runAll([
      stage('servers', async () => ({ ...singleCheck(true, ''), notes: [note] })),
      stage('unit', async () => singleCheck(true, '')),
    ])
    expect(summaryLines(result)).toEqual([note, '2 passed, 0 failed, 0 skipped'])
  })

  it('shows at once what a stage announces', async () => {
    const { lines } = await runAll([
      stage('servers', async (_, announce) => {
        announce('installing an engine')
        return singleCheck(true, '')
      }),
    ])
    expect(lines).toEqual([
      '[1/1] servers: servers things',
      '[1/1] servers: installing an engine',
      '[1/1] servers: 1 passed in T',
    ])
  })

  it('shows the output of what failed, and only that', async () => {
    const { result, lines } = await runAll([
      stage('good', async () => singleCheck(true, 'noise')),
      stage('bad', async () => singleCheck(false, 'first\nsecond\n')),
    ])
    expect(result).toMatchObject({ passed: 1, failed: 1 })
    expect(lines).toEqual([
      '[1/2] good: good things',
      '[1/2] good: 1 passed in T',
      '[2/2] bad: bad things',
      '[2/2] bad: 0 passed, 1 FAILED in T',
      '  | first\n  | second',
    ])
  })

  it('takes a stage that throws for a failure, and goes on', async () => {
    const { result, lines } = await runAll([
      stage('broken', () => Promise.reject(new Error('no such file'))),
      stage('next', async () => singleCheck(true, '')),
    ])
    expect(result).toMatchObject({ passed: 1, failed: 1 })
    expect(lines.join('\n')).toContain('no such file')
  })

  it('says with its latest line that a long stage still runs', async () => {
    const { promise: told, resolve: tell } = Promise.withResolvers<void>()
    const lines: string[] = []
    const print = (line: string): void => {
      lines.push(line)
      if (line.includes('…')) tell()
    }
    const long = stage('long', async (progress) => {
      progress('file 3 of 9')
      await told
      return singleCheck(true, '')
    })
    await runStages([long], { print, heartbeatMs: 1 })
    expect(lines[1]).toMatch(/^\[1\/1\] long: … \d+\.\d s, file 3 of 9$/)
  })
})
