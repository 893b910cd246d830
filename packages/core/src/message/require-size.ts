import { type Message, MessageError } from '../contracts/index.ts'

const encoder = new TextEncoder()
/** A UTF-16 unit takes at most so many bytes of UTF-8. */
const bytesPerUnit = 3

/**
 * Counts payload, header names, header values and ordering key.
 *
 * @throws {@link MessageError} `PAYLOAD_TOO_LARGE`.
 */
export function requireSize(message: Message, maxMessageBytes: number): void {
  const texts = [message.orderingKey ?? '', ...Object.entries(message.headers).flat()]
  const units = texts.reduce((sum, text) => sum + text.length, 0)
  // Nearly every message is so small that its texts need not be encoded to know it.
  if (message.payload.length + units * bytesPerUnit <= maxMessageBytes) return
  const size = texts.reduce((sum, text) => sum + encoder.encode(text).length, message.payload.length)
  if (size <= maxMessageBytes) return
  throw new MessageError(
    'PAYLOAD_TOO_LARGE',
    `The message has ${size} bytes, maxMessageBytes is ${maxMessageBytes}: store the content elsewhere and send a reference`,
    { path: 'payload' },
  )
}
