import { STATUS_CODES } from 'node:http'
import { WaybillError } from '@waybill/core'

/** What a client is told of a request that got no payment: RFC 9457, `application/problem+json`. */
export interface Problem {
  readonly status: number
  readonly title: string
  readonly detail?: string
  /** The same request may succeed later. */
  readonly retryable: boolean
}

export function problem(status: number, detail?: string): Problem {
  const title = STATUS_CODES[status] ?? 'Error'
  return { status, title, ...(detail !== undefined && { detail }), retryable: status === 409 || status === 503 }
}

/** The problem that an error is to the client; no details of what is ours to repair. */
export function problemOf(error: unknown): Problem {
  if (WaybillError.isInstance(error)) {
    if (error.code === 'COMMAND_BUSY') return problem(409, error.message)
    if (error.code === 'COMMAND_MISMATCH') return problem(422, error.message)
    return problem(error.retryable ? 503 : 500)
  }
  // Fastify's own, for example for a body that is no JSON.
  const { statusCode, message } = Object(error) as { readonly statusCode?: unknown; readonly message?: unknown }
  const isClients = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
  return isClients ? problem(statusCode, String(message)) : problem(500)
}
