import { WaybillError } from '@waybill/core/contracts'

/** A method of this adapter that nobody has written yet. Delete this file when nothing throws it any more. */
export class NotWrittenError extends WaybillError {
  constructor(method: string, duty: string) {
    super({ code: 'BROKER_CONTRACT', message: `${method} is not written yet: it must ${duty}`, retryable: false })
  }
}

export function notWritten(method: string, duty: string): Promise<never> {
  return Promise.reject(new NotWrittenError(method, duty))
}
