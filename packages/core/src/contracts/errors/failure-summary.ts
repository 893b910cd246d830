import type { FailureSummary } from '../settlement.ts'
import { WaybillError } from './waybill-error.ts'

const maxLength = 2000

/** Shortens an error to what may be stored with a message. Causes are left out: a driver's error may hold secrets. */
export function summarizeFailure(error: unknown): FailureSummary {
  const message = error instanceof Error ? error.message : String(error)
  const code = WaybillError.isInstance(error) ? error.code : 'UNKNOWN'
  return { code, message: message.length > maxLength ? `${message.slice(0, maxLength - 1)}…` : message }
}
