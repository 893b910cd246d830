/** Looks at its watch as messages are accepted. The first ones, with which connections begin, say when it began. */
export class Meter {
  readonly #messages: number
  readonly #warmUp: number
  readonly #rate: PromiseWithResolvers<number> = Promise.withResolvers()
  #startedAt: number | null = null
  #first = 0
  #count = 0

  /** @param warmUp - How many the first ones are, at least. */
  constructor(messages: number, warmUp = 1) {
    this.#messages = messages
    this.#warmUp = warmUp
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

  /** Messages accepted so far. */
  get count(): number {
    return this.#count
  }

  accepted(count: number): void {
    const now = performance.now()
    this.#count += count
    if (this.#startedAt === null && this.#count >= this.#warmUp) {
      this.#startedAt = now
      this.#first = this.#count
    }
    if (this.isDone) this.#resolve(now)
  }

  /** What has been accepted so far is all that counts. */
  end(): void {
    this.#resolve(performance.now())
  }

  fail(error: Error): void {
    this.#rate.reject(error)
  }

  #resolve(now: number): void {
    if (this.#startedAt === null) this.fail(new Error('No messages were accepted'))
    else this.#rate.resolve(((this.#count - this.#first) / (now - this.#startedAt)) * 1000)
  }
}
