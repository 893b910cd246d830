import type { Serializer } from '../contracts/index.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const marker = 'base64:'

/** A result as the text that is kept of it. Nothing (`undefined`) is the empty text. */
export function toText(result: unknown, serializer: Serializer): string {
  if (result === undefined) return ''
  const bytes = serializer.serialize(result)
  const text = decode(bytes)
  if (text !== undefined && text !== '' && !text.includes('\u0000') && !text.startsWith(marker)) return text
  return marker + btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

export function fromText(text: string, serializer: Serializer): unknown {
  if (text === '') return undefined
  if (!text.startsWith(marker)) return serializer.deserialize(encoder.encode(text))
  return serializer.deserialize(Uint8Array.from(atob(text.slice(marker.length)), (char) => char.charCodeAt(0)))
}

/** Answers `undefined` if the bytes are no text. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
