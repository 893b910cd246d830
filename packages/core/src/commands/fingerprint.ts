import { sha256 } from '../runtime/sha256.ts'
import { jsonSerializer } from '../serializer/json-serializer.ts'

/**
 * SHA-256 of the request as canonical JSON: the order of properties makes no difference.
 *
 * @throws `MessageError` `PAYLOAD_UNSERIALIZABLE` for what JSON would change, for two requests that differ in it alone would be
 *   taken for one.
 */
export async function fingerprintOf(request: unknown): Promise<string> {
  const plain: unknown = JSON.parse(new TextDecoder().decode(jsonSerializer.serialize(request)))
  return await sha256(new TextEncoder().encode(JSON.stringify(plain, sorted)))
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)))
}
