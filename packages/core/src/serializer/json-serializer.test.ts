import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MessageError } from '../contracts/index.ts'
import { jsonSerializer } from './json-serializer.ts'

class Money {
  readonly cents = 1
}

const cycle: { self?: unknown } = {}
cycle.self = { list: [cycle] }

describe('refuses what JSON would change, with its path', () => {
  test.each([
    ['bigint', { a: [1n] }, 'payload.a[0]'],
    ['NaN', { total: Number.NaN }, 'payload.total'],
    ['Infinity', [Number.POSITIVE_INFINITY], 'payload[0]'],
    ['-0', { a: { b: -0 } }, 'payload.a.b'],
    ['undefined as the whole', undefined, 'payload'],
    ['undefined in an array', { list: [1, undefined] }, 'payload.list[1]'],
    ['a hole', { list: new Array<number>(1) }, 'payload.list[0]'],
    ['a function', { 'odd key': () => 1 }, 'payload["odd key"]'],
    ['a symbol', { a: Symbol('a') }, 'payload.a'],
    ['a symbol as key', { a: { [Symbol('a')]: 1 } }, 'payload.a'],
    ['a Map', { map: new Map() }, 'payload.map'],
    ['a Set', new Set(), 'payload'],
    ['bytes', { bytes: new Uint8Array(1) }, 'payload.bytes'],
    ['an instance of a class', { price: new Money() }, 'payload.price'],
    ['a boxed number', { a: Object(1) as unknown }, 'payload.a'],
    ['a cycle', cycle, 'payload.self.list[0]'],
    ['an invalid date', { at: new Date(Number.NaN) }, 'payload.at'],
    ['what toJSON makes of itself', { a: { toJSON: () => ({ b: 1n }) } }, 'payload.a.b'],
    ['an object that makes itself undefined, in an array', [{ toJSON: () => undefined }], 'payload[0]'],
  ])('%s', (_name, value, path) => {
    expect(refusal(value)).toMatchObject({ code: 'PAYLOAD_UNSERIALIZABLE', path, retryable: false })
  })

  test('nesting that would overflow the stack', () => {
    let value: unknown = 1
    for (let depth = 0; depth < 100_000; depth++) value = [value]
    expect(refusal(value).message).toMatch(/: it is nested deeper than 1000$/)
  })

  test('a getter or toJSON that throws, which stays the cause', () => {
    const cause = new Error('mine')
    const value = {
      get a(): number {
        throw cause
      },
    }
    expect(refusal(value)).toMatchObject({ code: 'PAYLOAD_UNSERIALIZABLE', path: 'payload', cause })
  })

  test('the same object twice is no cycle', () => {
    const shared = { a: 1 }
    expect(roundTrip({ x: shared, y: [shared, shared] })).toEqual({ x: shared, y: [shared, shared] })
  })
})

describe('keeps', () => {
  test.each([
    ['lone surrogates, bit for bit', '\ud800 and \udfff'],
    ['NUL', 'a\u0000b'],
    ['odd keys', JSON.parse('{"__proto__": 1, "\\ud800": 2, "": 3, "1": 4}') as unknown],
    ['numbers to the last bit', [Number.MAX_SAFE_INTEGER, 5e-324, 1.7976931348623157e308, 0.1 + 0.2]],
    ['null', null],
  ])('%s', (_name, value) => {
    expect(roundTrip(value)).toStrictEqual(value)
  })

  test('dates as ISO strings, and leaves out undefined properties', () => {
    const value = { at: new Date(0), gone: undefined, odd: { toJSON: () => undefined } }
    expect(roundTrip(value)).toStrictEqual({ at: '1970-01-01T00:00:00.000Z' })
  })
})

/** Any sequence of UTF-16 units, so also lone surrogates. */
const anyText = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units))

test('any value is refused with a typed error, or comes back the same', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    withBoxedValues: true,
    key: anyText,
    values: [anyText, fc.double(), fc.boolean(), fc.constantFrom(null, undefined)],
  })
  let survived = 0
  fc.assert(
    fc.property(anything, (value) => {
      const refused = tryToSerialize(value)
      if (refused instanceof MessageError) {
        expect(refused.code).toBe('PAYLOAD_UNSERIALIZABLE')
        return
      }
      survived += 1
      const back = jsonSerializer.deserialize(refused)
      expect(back).toEqual(withoutDates(value))
      expect(jsonSerializer.serialize(back)).toEqual(refused)
    }),
    { numRuns: 2_000 },
  )
  expect(survived).toBeGreaterThan(50)
})

test('any JSON value comes back the same', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const sane = JSON.parse(JSON.stringify(value)) as unknown
      expect(roundTrip(sane)).toStrictEqual(sane)
    }),
  )
})

describe('deserialize', () => {
  test.each([
    ['no JSON', new TextEncoder().encode('{"secret":')],
    ['no UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
    ['nothing', new Uint8Array()],
  ])('%s is unreadable, and the message does not quote it', (_name, bytes) => {
    const error = thrownBy(() => jsonSerializer.deserialize(bytes))
    expect(error).toMatchObject({ code: 'PAYLOAD_UNREADABLE', path: 'payload', retryable: false })
    expect(error.message).not.toContain('secret')
  })
})

function roundTrip(value: unknown): unknown {
  return jsonSerializer.deserialize(jsonSerializer.serialize(value))
}

function refusal(value: unknown): MessageError {
  return thrownBy(() => jsonSerializer.serialize(value))
}

function thrownBy(work: () => unknown): MessageError {
  try {
    work()
  } catch (error) {
    if (error instanceof MessageError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

function tryToSerialize(value: unknown): Uint8Array | MessageError {
  try {
    return jsonSerializer.serialize(value)
  } catch (error) {
    if (error instanceof MessageError) return error
    throw error
  }
}

function withoutDates(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map(withoutDates)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutDates(inner)]))
}
