import { WaybillError } from './waybill-error.ts'

export type CommandErrorCode = 'COMMAND_MISMATCH' | 'COMMAND_BUSY'

/** A command was not carried out, and no earlier result may be answered. Nothing was written. */
export class CommandError extends WaybillError {
  constructor(code: CommandErrorCode, message: string) {
    super({ code, message, retryable: code === 'COMMAND_BUSY' })
  }
}
