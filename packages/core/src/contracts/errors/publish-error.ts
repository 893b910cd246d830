import { WaybillError } from './waybill-error.ts'

export type PublishErrorCode =
  | 'BROKER_UNAVAILABLE'
  | 'BROKER_REJECTED'
  | 'BROKER_UNKNOWN'
  | 'BROKER_CONTRACT'
  | 'PAYLOAD_TOO_LARGE'

/** Why a message was not accepted. Carried in a `PublishOutcome`, not thrown. */
export class PublishError extends WaybillError {
  constructor(code: PublishErrorCode, message: string, cause?: unknown) {
    super({ code, message, retryable: code !== 'PAYLOAD_TOO_LARGE', cause })
  }
}
