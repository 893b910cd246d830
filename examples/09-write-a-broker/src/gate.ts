/** Open or closed; who comes to a closed one waits until it opens. */
export class Gate {
  #passage: PromiseWithResolvers<void> = Promise.withResolvers()
  #isOpen = false

  /** Resolves at once while it is open. */
  get passed(): Promise<void> {
    return this.#passage.promise
  }

  open(): void {
    this.#isOpen = true
    this.#passage.resolve()
  }

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#passage = Promise.withResolvers()
  }
}
