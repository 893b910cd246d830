/** SHA-256 of the digests of the parts, so that no two lists of parts have the same; 64 hexadecimal digits. */
export async function sha256(...parts: readonly Uint8Array<ArrayBufferLike>[]): Promise<string> {
  const digests = await Promise.all(parts.map((part) => crypto.subtle.digest('SHA-256', Uint8Array.from(part))))
  const [first = new ArrayBuffer(0)] = digests
  if (digests.length === 1) return toHex(first)
  const all = new Uint8Array(digests.length * 32)
  for (const [index, digest] of digests.entries()) all.set(new Uint8Array(digest), index * 32)
  return toHex(await crypto.subtle.digest('SHA-256', all))
}

function toHex(digest: ArrayBuffer): string {
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
