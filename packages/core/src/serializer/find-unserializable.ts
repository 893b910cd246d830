import { pathSegment } from '../message/path-segment.ts'

/** Where a value is that JSON would change, and why. */
export interface Unserializable {
  /** Appended to the path of the whole, for example `.items[3].total`. */
  readonly path: string
  readonly reason: string
}

/** Deeper values overflow the stack of one JSON writer or another. */
const deepest = 1000

/** Finds the first value that would not come back from JSON as it is; see `jsonSerializer` for the rules. */
export function findUnserializable(value: unknown): Unserializable | undefined {
  return inValue(value, '', [])
}

function inValue(value: unknown, key: string, ancestors: object[]): Unserializable | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined
    case 'number':
      if (Object.is(value, -0)) return here('-0 would become 0')
      return Number.isFinite(value) ? undefined : here(`${value} is not a number in JSON`)
    case 'object':
      return value === null ? undefined : inObject(value, key, ancestors)
    default:
      return here(`JSON has no ${typeof value}`)
  }
}

function inObject(value: object, key: string, ancestors: object[]): Unserializable | undefined {
  if (ancestors.includes(value)) return here('it contains itself')
  if (ancestors.length >= deepest) return here(`it is nested deeper than ${deepest}`)
  const made = representation(value, key)
  if (made === null) return here('its toJSON answers null, as that of an invalid date does')
  if (typeof made !== 'object') return inValue(made, key, ancestors)
  ancestors.push(value)
  const problem = Array.isArray(made) ? inArray(made, ancestors) : inRecord(made, ancestors)
  ancestors.pop()
  return problem
}

function inArray(array: readonly unknown[], ancestors: object[]): Unserializable | undefined {
  for (let index = 0; index < array.length; index++) {
    const problem = inValue(array[index], String(index), ancestors)
    if (problem !== undefined) return { ...problem, path: `${pathSegment(index)}${problem.path}` }
  }
  return undefined
}

function inRecord(record: object, ancestors: object[]): Unserializable | undefined {
  const prototype: unknown = Object.getPrototypeOf(record)
  // Beside the prototype of this realm there are those of others, which is what the slower test is for.
  if (prototype !== Object.prototype && prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    return here(`it is ${nameOf(record)}, which has no toJSON`)
  }
  if (Object.getOwnPropertySymbols(record).length > 0) return here('it has a symbol as key')
  for (const key of Object.keys(record)) {
    const value = (record as Record<string, unknown>)[key]
    const problem = value === undefined ? undefined : inValue(value, key, ancestors)
    if (problem !== undefined && !isLeftOut(value, key)) {
      return { ...problem, path: `${pathSegment(key)}${problem.path}` }
    }
  }
  return undefined
}

/** JSON leaves out a property that makes itself `undefined`. */
function isLeftOut(value: unknown, key: string): boolean {
  return typeof value === 'object' && value !== null && representation(value, key) === undefined
}

function representation(value: object, key: string): unknown {
  return 'toJSON' in value && typeof value.toJSON === 'function' ? value.toJSON(key) : value
}

function nameOf(record: object): string {
  const { name } = record.constructor
  return name === '' ? 'an object of a class' : `a ${name}`
}

function here(reason: string): Unserializable {
  return { path: '', reason }
}
