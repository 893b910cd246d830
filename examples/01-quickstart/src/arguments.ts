import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'

export interface DemoArguments {
  readonly orders: number
  readonly crashes: number
  readonly seed: number
  readonly json: boolean
}

export const usage = `npm start -- [options]

  --orders N    orders to place, 3 messages each    1 to 1000000, default 2000
  --crashes N   how often the relay is killed       0 to 1000, default 5
  --seed S      what is random repeats with it      0 to 4294967295, default a new one
  --json        the figures as the last line
  --help        this text`

/** An argument that cannot be used. The message is for whoever typed it. */
export class ArgumentError extends Error {}

/** Answers `null` if only help was asked for. @throws {@link ArgumentError} */
export function readArguments(args: readonly string[]): DemoArguments | null {
  const values = parse(args)
  if (values.help) return null
  return {
    orders: integer('orders', values.orders, 1, 1_000_000) ?? 2000,
    crashes: integer('crashes', values.crashes, 0, 1000) ?? 5,
    seed: integer('seed', values.seed, 0, 2 ** 32 - 1) ?? randomInt(1_000_000),
    json: values.json,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        orders: { type: 'string' },
        crashes: { type: 'string' },
        seed: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    throw new ArgumentError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}

function integer(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new ArgumentError(`--${name} must be an integer from ${min} to ${max}, not '${text}'`)
}
