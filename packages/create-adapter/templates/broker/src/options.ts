/** How to reach Acme. Take the options of its client, and say which of them you need otherwise, and why. */
export interface AcmeOptions {
  // For the harness, which plays the end of a process, a function that makes the client's connections is of use.
  /** Largest message that the broker takes, in bytes of payload and headers. @default 1_048_576 */
  readonly maxMessageBytes?: number
}
