/** A server, or what it needs, cannot be had on this machine; the message is the reason that a test run prints. */
export class ServerUnavailableError extends Error {
  override readonly name = 'ServerUnavailableError'
  readonly code = 'SERVER_UNAVAILABLE'
}
