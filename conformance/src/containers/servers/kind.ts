import type { ImageRecipe } from '../images/recipe.ts'

/** What is particular about a kind of server; the rest is the same for all. */
export interface ServerKind {
  /** The word for command lines and labels. */
  readonly id: string
  /** For people. */
  readonly name: string
  /** The official image, where there is one. */
  readonly image: string
  readonly recipe: ImageRecipe
  /** Inside the container. */
  readonly port: number
  /** More ports inside the container that clients reach. */
  readonly morePorts?: readonly number[]
  /** The variable with the URL of a server that is there already. */
  readonly urlVariable: string
  readonly environment: Readonly<Record<string, string>>
  /** More of it, for a server that has to know the address at which this machine reaches it. */
  environmentAt?(host: string, port: number, morePorts: readonly number[]): Readonly<Record<string, string>>
  /** Arguments of the server, after the image's entry point. */
  readonly command: readonly string[]
  url(host: string, port: number): string
  readonly client: ServerClient
}

/** The few things that are asked of any server. Each call connects anew, and gives up a connection after a few seconds. */
export interface ServerClient {
  version(url: string): Promise<string>
  createDatabase(url: string, name: string): Promise<void>
  dropDatabase(url: string, name: string): Promise<void>
}
