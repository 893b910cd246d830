import type { ErrorCode } from './codes.ts'

export interface WaybillErrorOptions {
  readonly code: ErrorCode
  /** What was attempted, on what, why it failed and what to do about it. No secrets. */
  readonly message: string
  /** The same call may succeed later without a change. */
  readonly retryable: boolean
  readonly cause?: unknown
}

/**
 * The base of every error that Waybill throws. Ask for `code`, which is stable, never for the text.
 *
 * Aborts are not wrapped: a call ended by a signal rejects with `signal.reason`.
 */
export class WaybillError extends Error {
  readonly code: ErrorCode
  readonly retryable: boolean
  /** Recognises the class across two installed copies of the package. */
  readonly brand = '@waybill/WaybillError'

  constructor(options: WaybillErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = options.code
    this.retryable = options.retryable
  }

  /** Tells Waybill's errors from others, also across two installed copies of the package. */
  static isInstance(error: unknown): error is WaybillError {
    return error instanceof Error && 'brand' in error && error.brand === '@waybill/WaybillError'
  }
}
