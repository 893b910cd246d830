import { type Message, MessageError, type Serializer } from '../contracts/index.ts'
import type { Catalogue, MessageTypes } from './define-messages.ts'
import type { MessageDefinition } from './message-definition.ts'
import { validatePayload } from './validate-payload.ts'

/**
 * Reads a payload as the consumer sees it: deserialised, brought up to the current version, validated, transformed.
 * Without a catalogue: only deserialised.
 *
 * @throws {@link MessageError} `PAYLOAD_UNREADABLE`, `UNKNOWN_TYPE`, `SCHEMA_MISMATCH`.
 */
export async function decodePayload(
  message: Message,
  catalogue: Catalogue<MessageTypes> | undefined,
  serializer: Serializer,
): Promise<unknown> {
  const definition = catalogue && definitionOf(catalogue, message.type)
  if (mediaType(message.contentType) !== mediaType(serializer.contentType)) {
    throw new MessageError(
      'PAYLOAD_UNREADABLE',
      `The payload is ${message.contentType}, the serializer reads ${serializer.contentType}`,
      { path: 'contentType' },
    )
  }
  const payload = serializer.deserialize(message.payload)
  if (definition === undefined) return payload
  return await validatePayload(message.type, definition, upcast(message, definition, payload))
}

/** @throws {@link MessageError} `UNKNOWN_TYPE`. */
export function definitionOf(catalogue: Catalogue<MessageTypes>, type: string): MessageDefinition {
  const definition = catalogue.definitions.get(type)
  if (definition !== undefined) return definition
  throw new MessageError('UNKNOWN_TYPE', `'${type}' is not in the catalogue`, { path: 'type' })
}

function upcast(message: Message, { schemaVersion = 1, upcast = {} }: MessageDefinition, payload: unknown): unknown {
  const what = `'${message.type}' of schemaVersion ${message.schemaVersion}`
  const mismatch = (problem: string, cause?: unknown) =>
    new MessageError('SCHEMA_MISMATCH', `${what} ${problem}`, { path: 'schemaVersion', cause })
  if (message.schemaVersion > schemaVersion) {
    throw mismatch(`is newer than the catalogue (${schemaVersion}): update consumers before producers`)
  }
  let current = payload
  for (let version = message.schemaVersion; version < schemaVersion; version++) {
    const step = upcast[version]
    if (step === undefined) throw mismatch(`cannot be read: the catalogue has no upcaster from ${version}`)
    try {
      current = step(current)
    } catch (error) {
      throw mismatch(`cannot be read: the upcaster from ${version} threw, see \`cause\``, error)
    }
  }
  return current
}

function mediaType(contentType: string): string {
  return contentType.replace(/;.*$/s, '').trim().toLowerCase()
}
