import { describe, expect, it } from 'vitest'
import { benchmarks } from '../src/benchmarks.ts'
import { parseCommandLine } from '../src/command-line.ts'
import { serverStorages, storages } from '../src/harness/benchmark.ts'
import { type RunOptions, runBenchmarks } from '../src/run.ts'

/** Sizes that only show that everything runs: no test looks at a time. */
const tiny: RunOptions = {
  suites: ['store'],
  storages: ['sqlite'],
  brokers: null,
  only: '',
  rounds: 1,
  scale: 0.000_01,
  servers: 'shared',
}

/** `npm test` can leave out what needs a server (vitest.config.ts). MariaDB is measured by the code that measures MySQL. */
const onServers = process.env['WAYBILL_TEST_SERVERS'] !== '0'
const untested: readonly string[] = onServers ? ['mariadb'] : serverStorages
/** Each storage and each broker once: what they have in common is measured by the same code. */
const pairs: readonly string[] = ['postgres kafka', 'mysql rabbitmq', 'sqlite redis-streams']
const tested = benchmarks.filter(({ storage, broker }) => {
  if (broker !== undefined) return onServers && pairs.includes(`${storage} ${broker}`)
  return !untested.includes(storage)
})

describe.for(tested)('$suite on $storage, $broker: $name', ({ suite, storage, broker, name }) => {
  it('measures', { timeout: 120_000 }, async ({ skip }) => {
    const only = `${suite}, ${storage}${broker === undefined ? '' : ` to ${broker}`}: ${name}`
    const { environment, results, notRun, failures } = await runBenchmarks({
      ...tiny,
      suites: [suite],
      storages: [storage],
      only,
    })
    expect(failures).toEqual([])
    const [missing] = notRun
    if (missing !== undefined) skip(missing.reason)
    expect(environment).toMatchObject({ node: process.version, cpus: expect.any(Number), cpu: expect.any(String) })
    expect(results.length).toBeGreaterThan(0)
    for (const result of results) {
      expect(Object.keys(result)).toEqual(['name', 'rate', 'unit', 'against', 'ratio', 'target', 'met'])
      expect(Number.isFinite(result.rate)).toBe(true)
      expect(result.ratio === null).toBe(result.against === null)
      expect(result.met === null).toBe(result.target === null)
    }
  })
})

describe('the command line', () => {
  it('runs everything by default', () => {
    expect(parseCommandLine([])).toMatchObject({
      type: 'run',
      json: false,
      options: { suites: ['store', 'relay', 'enqueue', 'latency', 'inbox'], storages, scale: 1, servers: 'own' },
    })
  })

  it('narrows down', () => {
    const line = parseCommandLine(['store', '--storage', 'memory', '--only', 'batch 500', '--rounds', '9', '--json'])
    const options = {
      suites: ['store'],
      storages: ['memory'],
      brokers: null,
      only: 'batch 500',
      rounds: 9,
      scale: 1,
      servers: 'own',
    }
    expect(line).toEqual({ type: 'run', json: true, options })
  })

  it.for([
    ['fly'],
    ['--storage', 'paper'],
    ['--broker', 'pigeon'],
    ['--rounds', '0'],
    ['--rounds', 'many'],
    ['--fast'],
  ])('refuses %j', (args) => {
    expect(parseCommandLine(args)).toMatchObject({ type: 'usage', problem: expect.any(String) })
  })
})
