import type { MessageRecord } from '../history/records.ts'
import { Violation } from '../violation.ts'

const decoder = new TextDecoder()

/** What was handed to the broker. */
export interface AcceptedMessage {
  readonly id: string
  readonly topic: string
  readonly payload: Uint8Array
}

/** Call it at every acceptance, with what producers know of the message. */
export function checkNoPhantom(message: MessageRecord, accepted: AcceptedMessage): void {
  const { state } = message.transaction
  if (state !== 'committed')
    throw new Violation('no-phantom', `'${message.id}' was accepted: its transaction is ${state}`)
  const same = accepted.topic === message.topic && decoder.decode(accepted.payload) === message.payload
  if (!same) throw new Violation('no-phantom', `'${message.id}' was accepted with contents that nobody enqueued`)
}

/** Call it at every acceptance of a schedule whose relays have not been disturbed. */
export function checkNoDuplicate(message: MessageRecord): void {
  if (message.acceptances <= 1 || message.redriven > 0) return
  throw new Violation(
    'duplicates',
    `'${message.id}' was accepted ${message.acceptances} times although nothing went wrong`,
  )
}
