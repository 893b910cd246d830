import { expect, it } from 'vitest'
import { ArgumentError, readArguments } from '../src/arguments.ts'

it('reads what it is given', () => {
  const args =
    '--storage mariadb --kills 50 --messages 20000 --relays 4 --seed 7 --broker-restarts 2 --rows deleted --json'
  expect(readArguments(args.split(' '))).toMatchObject({
    storage: 'mariadb',
    broker: 'log',
    kills: 50,
    messages: 20_000,
    relays: 4,
    seed: 7,
    brokerRestarts: 2,
    rows: 'deleted',
    oldBuild: null,
    json: true,
  })
})

it('answers nothing when only help is asked for', () => {
  expect(readArguments(['--help'])).toBeNull()
})

it.each(['--storage oracle', '--kills many', '--messages 1', '--relays 0', '--rows', '--nonsense', 'postgres'])(
  'refuses %s',
  (args) => {
    expect(() => readArguments(args.split(' '))).toThrow(ArgumentError)
  },
)
