/**
 * What is to become of a message, decided by its producer and carried out on its way to the broker. The word travels in the
 * payload, and stands in the log of commits.
 */
export type Fate =
  | 'plain'
  /** Not due for a while. */
  | 'scheduled'
  /** Refused now and then, and taken when tried again. */
  | 'flaky'
  /** Refused for good most of the time: it dies, and may live again after a redrive. */
  | 'doomed'
  /** Ends the relay that publishes it, each time. */
  | 'bomb'
  /** Expires so soon that it may die before it is published. */
  | 'expiring'

/** Those that may end DEAD; the others must not, except by crashes of relays, after which they are redriven. */
export const mortalFates: readonly Fate[] = ['doomed', 'bomb', 'expiring']

export interface Payload {
  readonly key: string | null
  /** Null where it was drawn only after the message had been written. */
  readonly sequence: number | null
  readonly fate: Fate
}
