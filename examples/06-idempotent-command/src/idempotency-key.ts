/** A string of RFC 8941: printable ASCII in quotes; `\` stands before a quote and before itself. */
const quoted = /^"((?:[ !#-[\]-~]|\\["\\])+)"$/
/** What a command's key may have. */
const maxLength = 255

/**
 * The key that a client made up for its request; `undefined` if the header is missing, there twice, or no such string.
 *
 * https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header-07#section-2.1
 */
export function readIdempotencyKey(header: string | readonly string[] | undefined): string | undefined {
  const [, text] = (typeof header === 'string' && quoted.exec(header)) || []
  const key = text?.replace(/\\(["\\])/g, '$1')
  return key !== undefined && key.length <= maxLength ? key : undefined
}
