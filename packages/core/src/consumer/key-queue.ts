/** Runs jobs of one key one after the other, in the order of the calls, and those of different keys side by side. */
export class KeyQueue {
  readonly #tails = new Map<string, Promise<unknown>>()

  async run<T>(key: string, job: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key)
    // A failed job is its caller's business; the next one starts all the same.
    const own = before === undefined ? job() : before.then(job, job)
    this.#tails.set(key, own)
    try {
      return await own
    } finally {
      if (this.#tails.get(key) === own) this.#tails.delete(key)
    }
  }
}
