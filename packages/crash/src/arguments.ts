import { randomInt } from 'node:crypto'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type BrokerName, brokerNames } from './broker/broker.ts'
import { type StorageName, storageNames } from './storages/storage.ts'

export interface CrashArguments {
  readonly storage: StorageName
  readonly broker: BrokerName
  readonly relays: number
  /** Consumer processes; 0: nobody consumes. */
  readonly consumers: number
  readonly kills: number
  readonly brokerRestarts: number
  readonly messages: number
  readonly seed: number
  readonly rows: 'kept' | 'deleted'
  /** Checkout whose build every other relay runs; null: all run ours. */
  readonly oldBuild: string | null
  /** Keeps the evidence also when nothing is broken. */
  readonly keep: boolean
  readonly json: boolean
}

export const usage: string = `npm run crash -- [options]

  --storage ${storageNames.join(' | ')}   default sqlite
  --broker ${brokerNames.join(' | ')}   default log: an append-only file in a process of its own; the
                        others are real servers in containers of the run's own
  --relays R            relays at a time, and one more that crashes by itself   1 to 20, default 3
  --consumers C         processes that write an effect for each message; not with the broker log   0 to 20, default 0
  --kills N             relays and consumers killed, half as many frozen past their lease, a quarter as many stopped
                        and replaced                                            0 to 1000, default 10
  --broker-restarts N   how often the broker is killed and comes back           0 to 1000, default 0
  --messages M          messages to commit                                      100 to 10000000, default 5000
  --seed S              chance repeats with it; how processes interleave does not   0 to 4294967295, default a new one
  --rows kept | deleted what becomes of published rows                          default kept
  --old-build FOLDER    every other relay runs the build of another checkout, with its dependencies installed
  --keep                the evidence is kept, also if nothing is broken
  --json                the figures as the last line
  --help                this text`

/** An argument that cannot be used. The message is for whoever typed it. */
export class ArgumentError extends Error {}

/** Answers `null` if only help was asked for. @throws {@link ArgumentError} */
export function readArguments(args: readonly string[]): CrashArguments | null {
  const values = parse(args)
  if (values.help) return null
  const broker = oneOf('broker', values.broker, brokerNames) ?? 'log'
  const consumers = integer('consumers', values.consumers, [0, 20]) ?? 0
  if (consumers > 0 && broker === 'log') {
    const others = brokerNames.filter((name) => name !== 'log').join(', ')
    throw new ArgumentError(`--consumers needs a broker that hands messages out: --broker ${others}`)
  }
  return {
    storage: oneOf('storage', values.storage, storageNames) ?? 'sqlite',
    broker,
    consumers,
    relays: integer('relays', values.relays, [1, 20]) ?? 3,
    kills: integer('kills', values.kills, [0, 1000]) ?? 10,
    brokerRestarts: integer('broker-restarts', values['broker-restarts'], [0, 1000]) ?? 0,
    messages: integer('messages', values.messages, [100, 10_000_000]) ?? 5000,
    seed: integer('seed', values.seed, [0, 2 ** 32 - 1]) ?? randomInt(1_000_000),
    rows: oneOf('rows', values.rows, ['kept', 'deleted'] as const) ?? 'kept',
    oldBuild: values['old-build'] === undefined ? null : resolve(values['old-build']),
    keep: values.keep,
    json: values.json,
  }
}

const text = { type: 'string' } as const
const flag = { type: 'boolean', default: false } as const

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        storage: text,
        broker: text,
        relays: text,
        consumers: text,
        kills: text,
        'broker-restarts': text,
        messages: text,
        seed: text,
        rows: text,
        'old-build': text,
        keep: flag,
        json: flag,
        help: flag,
      },
    }).values
  } catch (error) {
    throw new ArgumentError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function integer(name: string, given: string | undefined, [min, max]: readonly [number, number]): number | undefined {
  if (given === undefined) return undefined
  const value = Number(given)
  if (/^\d+$/.test(given) && value >= min && value <= max) return value
  throw new ArgumentError(`--${name} must be an integer from ${min} to ${max}, not '${given}'`)
}

function oneOf<Name extends string>(name: string, given: string | undefined, known: readonly Name[]): Name | undefined {
  if (given === undefined) return undefined
  const found = known.find((candidate) => candidate === given)
  if (found !== undefined) return found
  throw new ArgumentError(`--${name} must be one of ${known.join(', ')}, not '${given}'`)
}
