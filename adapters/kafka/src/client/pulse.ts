const looksPerSession = 10

/**
 * Tells when a group must have given a member up: when no heartbeat has been answered for a whole session. Until it is told
 * otherwise, a member that is cut off would go on handling what others have been given.
 */
export class Pulse {
  readonly #sessionTimeoutMs: number
  readonly #stopped: () => void
  #timer: NodeJS.Timeout | undefined
  #deadline = 0
  #ended = false

  constructor(sessionTimeoutMs: number, stopped: () => void) {
    this.#sessionTimeoutMs = sessionTimeoutMs
    this.#stopped = stopped
  }

  /** The group has heard of the member. The first time begins the watch. */
  beat(): void {
    if (this.#ended) return
    this.#allow(this.#sessionTimeoutMs)
    this.#timer ??= setInterval(() => this.#check(), Math.ceil(this.#sessionTimeoutMs / looksPerSession))
  }

  /** The group waits for its members for so long before it divides anew; they do not beat meanwhile. */
  rebalancing(timeoutMs: number): void {
    this.#allow(Math.max(timeoutMs, this.#sessionTimeoutMs))
  }

  end(): void {
    this.#ended = true
    clearInterval(this.#timer)
  }

  #allow(ms: number): void {
    this.#deadline = performance.now() + ms
  }

  #check(): void {
    if (performance.now() < this.#deadline) return
    this.end()
    this.#stopped()
  }
}
