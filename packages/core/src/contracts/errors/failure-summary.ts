import type { FailureSummary } from '../settlement.ts'
import { WaybillError } from './waybill-error.ts'

const maxLength = 2000

/** Shortens an error to what may be stored with a message. Causes are left out: a driver's error may hold secrets. */
export function summarizeFailure(error: unknown): FailureSummary {
  const text = error instanceof Error ? error.message : String(error)
  // No database takes NUL or half a character, and whoever buries a message must not fail for its error's sake.
  const message = text.replaceAll('\u0000', '\ufffd').toWellFormed()
  const code = WaybillError.isInstance(error) ? error.code : 'UNKNOWN'
  return { code, message: message.length > maxLength ? `${message.slice(0, maxLength - 1).toWellFormed()}…` : message }
}
