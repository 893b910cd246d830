/** How to reach Acme. Take the options of its client, and say which of them you need otherwise, and why. */
export interface AcmeOptions {
  /** Largest message that the broker takes, in bytes of payload and headers. @default 1_048_576 */
  readonly maxMessageBytes?: number
}
