import type { Message, RawDelivery } from '@waybill/core/contracts'
import { NotWrittenError } from './not-written.ts'

/** The message as the broker carries it: the payload's bytes as they are, everything else in headers. */
export function encode(_message: Message): RawDelivery {
  throw new NotWrittenError(
    'encode',
    'put id, type, key and every other field of the message but its topic into headers',
  )
}

/** The message that came; `undefined` for what is no message of ours, for example without an id. */
export function decode(_topic: string, _raw: RawDelivery): Message | undefined {
  throw new NotWrittenError('decode', 'make of body and headers the message that encode was given')
}
