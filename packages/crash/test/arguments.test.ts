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

it('reads how many consume, and from which broker', () => {
  const args = '--broker rabbitmq --consumers 2 --broker-restarts 3'
  expect(readArguments(args.split(' '))).toMatchObject({ broker: 'rabbitmq', consumers: 2, brokerRestarts: 3 })
  expect(readArguments([])).toMatchObject({ broker: 'log', consumers: 0 })
})

it('says which brokers can be consumed from', () => {
  expect(() => readArguments(['--consumers', '2'])).toThrow(
    '--consumers needs a broker that hands messages out: --broker kafka, rabbitmq, redis-streams',
  )
})

it('answers nothing when only help is asked for', () => {
  expect(readArguments(['--help'])).toBeNull()
})

it.each([
  '--storage oracle',
  '--kills many',
  '--messages 1',
  '--relays 0',
  '--rows',
  '--nonsense',
  '--consumers 21',
  '--broker nats',
  'postgres',
])('refuses %s', (args) => {
  expect(() => readArguments(args.split(' '))).toThrow(ArgumentError)
})
