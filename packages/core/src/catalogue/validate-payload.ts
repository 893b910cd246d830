import { MessageError } from '../contracts/index.ts'
import { pathSegment } from '../message/path-segment.ts'
import type { MessageDefinition } from './message-definition.ts'
import type { SchemaIssue, SchemaResult } from './standard-schema.ts'

/** Enough to see what is wrong; a long list of bad items would say the same again and again. */
const issuesShown = 10

/**
 * Answers the schema's output, or a promise of it if the schema is asynchronous.
 *
 * @throws {@link MessageError} `SCHEMA_MISMATCH` with the path of the first issue; `cause` has all of them.
 */
export function validatePayload(type: string, definition: MessageDefinition, payload: unknown): unknown {
  const result = definition.schema['~standard'].validate(payload)
  const conclude = (known: SchemaResult<unknown>) => outputOf(type, payload, known)
  return result instanceof Promise ? result.then(conclude) : conclude(result)
}

function outputOf(type: string, payload: unknown, result: SchemaResult<unknown>): unknown {
  if (result.issues === undefined) return result.value
  const { issues } = result
  const places = issues.slice(0, issuesShown).map((issue) => `${pathOf(issue)} (${kindAt(payload, keysOf(issue))})`)
  if (issues.length > issuesShown) places.push(`and ${issues.length - issuesShown} more`)
  throw new MessageError(
    'SCHEMA_MISMATCH',
    `The payload of '${type}' does not match its schema at ${places.join(', ')}: see \`cause\``,
    { path: issues[0] === undefined ? 'payload' : pathOf(issues[0]), cause: issues },
  )
}

function keysOf(issue: SchemaIssue): readonly PropertyKey[] {
  return issue.path?.map((step) => (typeof step === 'object' ? step.key : step)) ?? []
}

function pathOf(issue: SchemaIssue): string {
  return `payload${keysOf(issue).map(pathSegment).join('')}`
}

/**
 * What the schema has seen there, instead of what it says about it: in the texts of some libraries stands the value itself,
 * and a message of an error is stored with dead letters and logged, which a payload may be too secret for.
 */
function kindAt(payload: unknown, keys: readonly PropertyKey[]): string {
  const value = keys.reduce<unknown>((parent, key) => (parent as Record<PropertyKey, unknown> | null)?.[key], payload)
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}
