interface Waiting {
  readonly alone: boolean
  start(): void
}

/** Lets a limited number of jobs run at once; the others wait their turn. A job that is to run alone has no other beside it. */
export class Slots {
  readonly #count: number
  readonly #waiting: Waiting[] = []
  #running = 0
  #alone = false

  constructor(count: number) {
    this.#count = count
  }

  async run<T>(job: () => Promise<T>, alone = false): Promise<T> {
    await new Promise<void>((start) => {
      this.#waiting.push({ alone, start })
      this.#startNext()
    })
    try {
      return await job()
    } finally {
      this.#running -= 1
      this.#alone = false
      this.#startNext()
    }
  }

  /** In the order of their coming: nobody passes one that waits to be alone, or it would wait for ever. */
  #startNext(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const room = next.alone ? this.#running === 0 : this.#running < this.#count
      if (this.#alone || !room) return
      this.#waiting.shift()
      this.#running += 1
      this.#alone = next.alone
      next.start()
    }
  }
}
