import { inspect } from 'node:util'

/** The `error` event that every emitter has. */
export interface ErrorEvents {
  readonly error: { readonly error: Error }
}

/**
 * Events by name. Listeners are called at once, in the order in which they were added. An error that nobody listens to is
 * written to standard error, and so is what a listener throws: neither is lost, and neither stops the engine.
 */
export class TypedEvents<Events extends ErrorEvents> {
  readonly #subject: string
  readonly #report: (text: string) => void
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>()

  constructor(subject: string, report: (text: string) => void = writeToStandardError) {
    this.#subject = subject
    this.#report = report
  }

  /** Answers how to take the listener away again. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set()
    // Wrapped, so that a function that is added twice is called twice and taken away once.
    const own = (event: Events[Name]) => listener(event)
    this.#listeners.set(name, listeners.add(own))
    return () => {
      listeners.delete(own)
    }
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    const listeners = this.#listeners.get(name)
    if (name === 'error' && (listeners === undefined || listeners.size === 0)) {
      this.#report(`${this.#subject}: ${inspect((event as ErrorEvents['error']).error)}\n`)
    }
    for (const listener of listeners ?? []) {
      try {
        ;(listener as (event: Events[Name]) => void)(event)
      } catch (error) {
        this.#report(`${this.#subject}: a listener of '${String(name)}' threw: ${inspect(error)}\n`)
      }
    }
  }
}

function writeToStandardError(text: string): void {
  process.stderr.write(text)
}
