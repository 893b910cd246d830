/** Options of every call that may take long. */
export interface OperationOptions {
  /** Ends the call early. It then rejects with `signal.reason`, unwrapped, and has had its whole effect or none. */
  readonly signal?: AbortSignal
}
