/** Looks at its watch as messages are accepted. The first batch, with which connections begin, says when it began. */
export class Meter {
  readonly #messages: number
  readonly #rate: PromiseWithResolvers<number> = Promise.withResolvers()
  #startedAt: number | null = null
  #first = 0
  #count = 0

  constructor(messages: number) {
    this.#messages = messages
    // Whoever does not wait for it learns of the failure otherwise.
    this.#rate.promise.catch(() => undefined)
  }

  /** Messages accepted a second, once all of them are. */
  get rate(): Promise<number> {
    return this.#rate.promise
  }

  get isDone(): boolean {
    return this.#count >= this.#messages
  }

  accepted(count: number): void {
    const now = performance.now()
    this.#count += count
    if (this.#startedAt === null) {
      this.#startedAt = now
      this.#first = count
    }
    if (this.isDone) this.#rate.resolve(((this.#count - this.#first) / (now - this.#startedAt)) * 1000)
  }

  fail(error: Error): void {
    this.#rate.reject(error)
  }
}
