import { parseArgs } from 'node:util'

const parts = ['storages', 'brokers', 'pairs'] as const

/** What of the rules is verified: of storages and inboxes, of brokers, of both together. */
export type Part = (typeof parts)[number]

export interface Arguments {
  readonly storage: string | undefined
  readonly broker: string | undefined
  readonly all: boolean
  readonly only: ReadonlySet<Part>
  readonly parallel: number
  readonly json: boolean
}

/** @param adapters - Names of those that have harnesses. */
export function usageOf(adapters: readonly string[]): string {
  return `Usage: npm run conformance -- (--storage S | --broker B | both | --all) [options]

Holds adapters against the rules, at the levels required, stress and fault, and writes docs/conformance/*.json.

  --storage S      a storage, with its variants
  --broker B       a broker, with its variants; with --storage also both together
  --all            every storage, every broker, and every pair of them
  --only PART      ${parts.join(', ')}; may be repeated (default: all of them)
  --parallel N     how many are verified side by side (default: 4)
  --json           versions and results as one JSON object on the last line

Adapters: ${adapters.join(', ')}`
}

/** @throws Error that says which argument is wrong, for people. */
export function readArguments(args: readonly string[]): Arguments | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      storage: { type: 'string' },
      broker: { type: 'string' },
      all: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [...parts] },
      // Most rules wait: several at a time need not be slower, and say the same.
      parallel: { type: 'string', default: '4' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  const parallel = Number(values.parallel)
  if (!Number.isInteger(parallel) || parallel < 1) throw new Error(`--parallel ${values.parallel}: must be 1 or more`)
  const only = new Set(values.only.map(readPart))
  const { storage, broker, all, json } = values
  if (!all && storage === undefined && broker === undefined) throw new Error('Nothing was asked for')
  return { storage, broker, all, only, parallel, json }
}

function readPart(text: string): Part {
  const part = parts.find((each) => each === text)
  if (part === undefined) throw new Error(`--only ${text}: must be one of ${parts.join(', ')}`)
  return part
}
