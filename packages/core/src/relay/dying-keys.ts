/**
 * Keys of which nothing may be handed out: a message of theirs was not accepted, and its settlement has not committed yet. A
 * claim that was on its way at the commit has read the past, so it is filtered too.
 */
export class DyingKeys {
  readonly #settling: Map<string, number> = new Map()
  readonly #sinceClaim: Set<string> = new Set()

  add(scope: string): void {
    this.#settling.set(scope, (this.#settling.get(scope) ?? 0) + 1)
    this.#sinceClaim.add(scope)
  }

  settled(scope: string): void {
    const left = (this.#settling.get(scope) ?? 0) - 1
    if (left > 0) this.#settling.set(scope, left)
    else this.#settling.delete(scope)
  }

  /** A claim is sent: what has settled before it, it sees. */
  claiming(): void {
    this.#sinceClaim.clear()
    for (const scope of this.#settling.keys()) this.#sinceClaim.add(scope)
  }

  get isEmpty(): boolean {
    return this.#sinceClaim.size === 0 && this.#settling.size === 0
  }

  /** Whether a message of the key that this claim brought must be given back. */
  has(scope: string): boolean {
    return this.#sinceClaim.has(scope) || this.#settling.has(scope)
  }
}
