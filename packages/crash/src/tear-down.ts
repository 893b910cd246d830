/** What has been set up, to be taken down in reverse, however far the run has come. */
export class TearDown {
  readonly #steps: (() => Promise<unknown>)[] = []

  add(step: () => Promise<unknown>): void {
    this.#steps.unshift(step)
  }

  /** Every step is taken, also after one that fails. */
  async run(): Promise<void> {
    const errors: unknown[] = []
    for (const step of this.#steps) await step().catch((error: unknown) => errors.push(error))
    if (errors.length > 0) throw new AggregateError(errors, 'Not everything could be cleaned up')
  }
}
