import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ArgumentError, readArguments } from '../src/index.ts'

describe('readArguments', () => {
  it('makes a folder of the name of the package', () => {
    const plan = readArguments(['@shop/waybill-couch', '--kind', 'storage'])
    expect(plan).toMatchObject({ kind: 'storage', folder: join(process.cwd(), 'waybill-couch') })
  })

  it('takes another folder', () => {
    expect(readArguments(['couch', '--kind', 'broker', '--folder', 'here'])?.folder).toBe(join(process.cwd(), 'here'))
  })

  it('answers null for help', () => {
    expect(readArguments(['--help'])).toBeNull()
  })

  it.each([
    [[], /the name of the package is missing/],
    [['Couch', '--kind', 'storage'], /'Couch' is no name for a package/],
    [['couch'], /--kind is missing .*storage, broker/],
    [['couch', '--kind', 'cache'], /--kind is 'cache': it is one of storage, broker/],
    [['couch', 'table', '--kind', 'storage'], /what is 'table'/],
    [['couch', '--king', 'storage'], /--king/],
  ])('says what is wrong with %j', (args, message) => {
    expect(() => readArguments(args)).toThrow(ArgumentError)
    expect(() => readArguments(args)).toThrow(message)
  })
})
