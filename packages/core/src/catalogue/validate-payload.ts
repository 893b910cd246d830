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
  return result instanceof Promise ? result.then((late) => outputOf(type, late)) : outputOf(type, result)
}

function outputOf(type: string, result: SchemaResult<unknown>): unknown {
  if (result.issues === undefined) return result.value
  const { issues } = result
  const lines = issues.slice(0, issuesShown).map((issue) => `${pathOf(issue)}: ${issue.message}`)
  if (issues.length > issuesShown) lines.push(`and ${issues.length - issuesShown} more`)
  throw new MessageError('SCHEMA_MISMATCH', `The payload of '${type}' does not match its schema: ${lines.join('; ')}`, {
    path: issues[0] === undefined ? 'payload' : pathOf(issues[0]),
    cause: issues,
  })
}

function pathOf(issue: SchemaIssue): string {
  const keys = issue.path?.map((step) => (typeof step === 'object' ? step.key : step)) ?? []
  return `payload${keys.map(pathSegment).join('')}`
}
