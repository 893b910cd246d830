import { WaybillError } from './waybill-error.ts'

export type MessageErrorCode =
  | 'INVALID_MESSAGE'
  | 'PAYLOAD_UNSERIALIZABLE'
  | 'PAYLOAD_UNREADABLE'
  | 'PAYLOAD_TOO_LARGE'
  | 'UNKNOWN_TYPE'
  | 'SCHEMA_MISMATCH'
  | 'DUPLICATE_MESSAGE'

/** A message cannot be enqueued, or cannot be understood. Nothing of it was written. Never retryable. */
export class MessageError extends WaybillError {
  /** Path of the offending field, for example `payload.total` or `headers.x-tenant`. */
  readonly path: string | undefined

  constructor(
    code: MessageErrorCode,
    message: string,
    details: { readonly path?: string; readonly cause?: unknown } = {},
  ) {
    super({ code, message, retryable: false, cause: details.cause })
    this.path = details.path
  }
}
