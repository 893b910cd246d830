/**
 * Tells when a group must have given a member up: when no heartbeat has been answered for a whole session. Until it is told
 * otherwise, a member that is cut off would go on handling what others have been given.
 */
export class Pulse {
  readonly #sessionTimeoutMs: number
  readonly #stopped: () => void
  readonly #timer: NodeJS.Timeout
  #lastBeat = performance.now()

  constructor(sessionTimeoutMs: number, stopped: () => void) {
    this.#sessionTimeoutMs = sessionTimeoutMs
    this.#stopped = stopped
    this.#timer = setInterval(() => this.#check(), Math.ceil(sessionTimeoutMs / 10))
  }

  beat(): void {
    this.#lastBeat = performance.now()
  }

  end(): void {
    clearInterval(this.#timer)
  }

  #check(): void {
    if (performance.now() - this.#lastBeat < this.#sessionTimeoutMs) return
    this.end()
    this.#stopped()
  }
}
