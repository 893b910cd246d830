/** Listens to what a relay or consumer reports. Listeners are called in turn and must not throw. */
export type Listener<Event> = (event: Event) => void

/** How an event reads on stderr, by its name. */
export type Spoken<Events> = { readonly [Name in keyof Events]?: (event: Events[Name]) => string }

/**
 * Typed events for observers: one object per event, by name. An error or a warning without a listener is written to stderr,
 * never dropped; so is an event of {@link Spoken}, in its words.
 */
export class TypedEvents<Events extends { readonly error: unknown }> {
  readonly #listeners: { [Name in keyof Events]?: Set<Listener<Events[Name]>> } = {}
  readonly #subject: string
  readonly #spoken: Spoken<Events>

  constructor(subject: string, spoken: Spoken<Events> = {}) {
    this.#subject = subject
    this.#spoken = spoken
  }

  /** Answers how to stop listening. */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    const listeners = this.#listeners[name] ?? new Set()
    this.#listeners[name] = listeners
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
    }
  }

  /** Whether anybody listens: what costs something to make need not be made otherwise. */
  has(name: keyof Events): boolean {
    return (this.#listeners[name]?.size ?? 0) > 0
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    if (!this.has(name)) this.#unheard(name, event)
    for (const listener of this.#listeners[name] ?? []) this.#call(listener, event)
  }

  #unheard<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    const text = this.#spoken[name]?.(event)
    if (text !== undefined) this.#printError(text)
    else if (name === 'error' || name === 'warning') this.#printError(event)
  }

  /** A listener that throws must not stop the relay, and its error must not vanish. */
  #call<Event>(listener: Listener<Event>, event: Event): void {
    const failed = (error: unknown) => this.#printError(error)
    try {
      // An async function passes for a listener, and nobody waits for it: its rejection would end the process.
      const result: unknown = listener(event)
      if (result instanceof Promise) result.catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  #printError(error: unknown): void {
    // biome-ignore lint/suspicious/noConsole: the last resort that the docs promise for errors nobody listens to
    console.error(`${this.#subject}:`, error)
  }
}
