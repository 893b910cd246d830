import { WaybillError } from './waybill-error.ts'

export type HandlerErrorCode = 'HANDLER_FAILED' | 'HANDLER_TIMEOUT' | 'HANDLER_CRASHED' | 'NO_HANDLER'

/** A consumer's handler failed; `cause` is what it threw. */
export class HandlerError extends WaybillError {
  constructor(
    code: HandlerErrorCode,
    message: string,
    details: { readonly retryable?: boolean; readonly cause?: unknown } = {},
  ) {
    super({ code, message, retryable: details.retryable ?? true, cause: details.cause })
  }
}

/** Thrown by a handler to say that trying again is of no use. */
export class PermanentError extends WaybillError {
  constructor(message: string, cause?: unknown) {
    super({ code: 'HANDLER_FAILED', message, retryable: false, cause })
  }
}
