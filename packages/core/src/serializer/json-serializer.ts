import { MessageError, type Serializer, WaybillError } from '../contracts/index.ts'
import { findUnserializable } from './find-unserializable.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * Writes JSON and refuses what JSON would change, so that a consumer gets what the producer enqueued.
 *
 * - Refused, with the path of the value: `bigint`, functions, symbols and symbol keys, `NaN`, infinities, `-0`, `undefined`
 *   (also holes) in arrays and as the whole payload, cycles, nesting deeper than 1,000, and objects of a class without
 *   `toJSON` (`Map`, `Set`, typed arrays, your own).
 * - A property that is `undefined` is left out, as an optional field is. An object without a prototype comes back as a
 *   usual one. Of an array the elements count, not what else was hung on it.
 * - An object with `toJSON` is what `toJSON` makes of it, for example the ISO string of a `Date`: turn it back in the schema.
 *   One that makes `null` of itself, as an invalid date does, is refused.
 * - Strings survive bit for bit. Lone surrogates and NUL are written as escapes.
 */
export const jsonSerializer: Serializer = {
  contentType: 'application/json',
  serialize(value) {
    try {
      const problem = findUnserializable(value)
      if (problem !== undefined) throw unserializable(`payload${problem.path}`, problem.reason)
      return encoder.encode(JSON.stringify(value))
    } catch (error) {
      throw WaybillError.isInstance(error) ? error : unserializable('payload', 'it threw, see `cause`', error)
    }
  },
  deserialize(payload) {
    try {
      return JSON.parse(decoder.decode(payload))
    } catch (error) {
      throw unreadable(error)
    }
  },
}

function unserializable(path: string, reason: string, cause?: unknown): MessageError {
  return new MessageError('PAYLOAD_UNSERIALIZABLE', `${path} cannot be written as JSON: ${reason}`, { path, cause })
}

/** What the parser says quotes the payload, so it stays in the cause. */
function unreadable(cause: unknown): MessageError {
  return new MessageError('PAYLOAD_UNREADABLE', 'The payload is not JSON in UTF-8', { path: 'payload', cause })
}
