import type { ImageOrigin } from '../images/recipe.ts'

/** A database server that tests can use. */
export interface Server {
  readonly available: true
  /** For people, for example `PostgreSQL`. */
  readonly name: string
  /** For example `17.11`. */
  readonly version: string
  /** Connects as a user who may do everything. */
  readonly url: string
  /** Where the server comes from: one that was there (its URL was given), its official image, a stand-in for that, or an image of our own. */
  readonly origin: ImageOrigin | 'given'
  /** Makes an empty database with a name of its own, so that tests do not see each other. */
  createDatabase(): Promise<Database>
}

/** A database of a test's own. */
export interface Database {
  readonly url: string
  readonly name: string
  /** Removes it, with whoever is still connected where the server can do that. */
  drop(): Promise<void>
}

/**
 * A server in a container of one's own, which may be disrupted. The URL and the data stay the same through all of it, until
 * `stop`. Methods resolve when the engine has done it; they are not meant to be called at the same time.
 */
export interface OwnServer extends Server {
  /** SIGKILL to the server: no goodbye to clients, nothing written. `restart` brings it back. */
  kill(): Promise<void>
  /** Shuts the server down in an orderly way, unless it is down, starts it, and resolves when it answers again. */
  restart(): Promise<void>
  /** Freezes the server: connections stay open and nothing answers. */
  pause(): Promise<void>
  unpause(): Promise<void>
  /** Runs a program inside the container. */
  exec(command: readonly string[]): Promise<{ readonly exitCode: number; readonly output: string }>
  /** Removes the container with its data. Safe to call twice, and in any state. */
  stop(): Promise<void>
}

/** There is no such server for these tests, and why. */
export interface Unavailable {
  readonly available: false
  readonly name: string
  readonly reason: string
}
