import { parseArgs } from 'node:util'
import { brokers, storages, suites } from './harness/benchmark.ts'
import type { RunOptions } from './run.ts'

export const usage: string = `npm run bench -- [${suites.join(' | ')}]... [options]

  --storage ${storages.join(' | ')}   only on this storage; several with commas
  --broker ${brokers.join(' | ')}   only with this broker; several with commas
  --only <text>                only benchmarks whose name has this text
  --rounds <n>                 rounds that count, after one that warms up; 5 or more for figures to quote (default 9)
  --quick                      a tenth of the sizes, 3 rounds: for a look, not for figures to quote
  --shared-servers             database servers as the tests have them, instead of ones with larger caches
  --json                       the figures as JSON on the last line`

export type CommandLine =
  | { readonly type: 'run'; readonly options: RunOptions; readonly json: boolean }
  | { readonly type: 'usage'; readonly problem: string | null }

export function parseCommandLine(args: readonly string[]): CommandLine {
  try {
    return parse(args)
  } catch (error) {
    return { type: 'usage', problem: error instanceof Error ? error.message : String(error) }
  }
}

function parse(args: readonly string[]): CommandLine {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      storage: { type: 'string' },
      broker: { type: 'string' },
      only: { type: 'string', default: '' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      'shared-servers': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return { type: 'usage', problem: null }
  const rounds = Number(values.rounds ?? (values.quick ? 3 : 9))
  if (!Number.isSafeInteger(rounds) || rounds < 1) throw new RangeError('--rounds must be a whole number of at least 1')
  const options: RunOptions = {
    suites: positionals.length === 0 ? suites : positionals.map((name) => known('benchmark', suites, name)),
    storages: values.storage?.split(',').map((name) => known('storage', storages, name)) ?? storages,
    brokers: values.broker?.split(',').map((name) => known('broker', brokers, name)) ?? null,
    only: values.only,
    rounds,
    scale: values.quick ? 0.1 : 1,
    servers: values['shared-servers'] ? 'shared' : 'own',
  }
  return { type: 'run', options, json: values.json }
}

function known<Name extends string>(what: string, names: readonly Name[], given: string): Name {
  const found = names.find((name) => name === given)
  if (found === undefined) throw new RangeError(`There is no ${what} '${given}': there are ${names.join(', ')}`)
  return found
}
