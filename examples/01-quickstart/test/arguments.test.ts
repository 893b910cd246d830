import { expect, test } from 'vitest'
import { ArgumentError, readArguments } from '../src/arguments.ts'

test('without arguments it is the usual run, with a new seed', () => {
  expect(readArguments([])).toEqual({ orders: 2000, crashes: 5, seed: expect.any(Number), json: false })
})

test('all arguments', () => {
  const args = ['--orders', '20000', '--crashes=25', '--seed', '7', '--json']
  expect(readArguments(args)).toEqual({ orders: 20_000, crashes: 25, seed: 7, json: true })
})

test('--help asks for nothing else', () => {
  expect(readArguments(['--help'])).toBe(null)
})

test.each([
  [['--orders', 'many'], "--orders must be an integer from 1 to 1000000, not 'many'"],
  [['--orders', '0'], "--orders must be an integer from 1 to 1000000, not '0'"],
  [['--crashes', '1.5'], "--crashes must be an integer from 0 to 1000, not '1.5'"],
  [['--seed', ''], "--seed must be an integer from 0 to 4294967295, not ''"],
  [['--order', '5'], '--order'],
  [['--orders'], '--orders'],
  [['5'], '5'],
])('%j is refused, with the reason', (args, reason) => {
  expect(() => readArguments(args)).toThrow(ArgumentError)
  expect(() => readArguments(args)).toThrow(reason)
})
