/** Cuts a server off, and lets it come back. */
export interface Disruption {
  /** From now on the server cannot be reached, or takes no writes: stopped, paused, locked, or behind a cut connection. */
  cut(): Promise<void>
  /** Resolves when the server can be reached again. */
  restore(): Promise<void>
}
