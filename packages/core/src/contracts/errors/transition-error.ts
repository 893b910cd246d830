import { WaybillError } from './waybill-error.ts'

export type TransitionErrorCode = 'ILLEGAL_TRANSITION' | 'TRANSITION_CONFLICT'

/** An entity was not moved to another state. Nothing was written; roll back what belongs to the move. */
export class TransitionError extends WaybillError {
  /** The state that the entity is in, `null` if it has none; `undefined` if nobody has looked. */
  readonly current: string | null | undefined

  constructor(code: TransitionErrorCode, message: string, current?: string | null) {
    super({ code, message, retryable: code === 'TRANSITION_CONFLICT' })
    this.current = current
  }
}
