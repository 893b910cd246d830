import type { Redis } from 'ioredis'
import { connectClient, makeClient, type RedisAccess } from './client.ts'
import { isReply, plainError } from './errors.ts'

interface Connected {
  readonly client: Redis
  readonly ready: Promise<Redis>
}

const defaultPatienceMs = 10_000

/**
 * A connection that is made when it is needed, and anew after it was lost or dropped. A dropped connection takes what was
 * written but not yet sent with it.
 */
export class RedisLink {
  readonly #make: () => Redis
  readonly #prepare: (client: Redis) => Promise<void>
  #spare: Redis | undefined
  #current: Connected | undefined
  #closed = false

  /** Makes the first client at once, so that wrong options are found at construction. */
  constructor(subject: string, access: RedisAccess, prepare: (client: Redis) => Promise<void> = async () => undefined) {
    this.#make = () => makeClient(subject, access)
    this.#prepare = prepare
    this.#spare = this.#make()
  }

  /** The connected client. */
  connect(): Promise<Redis> {
    if (this.#closed) return Promise.reject(new Error('The connection has been closed'))
    if (this.#current !== undefined && this.#current.client.status !== 'end') return this.#current.ready
    const client = this.#spare ?? this.#make()
    this.#spare = undefined
    const ready = connectClient(client)
      .then(() => this.#prepare(client))
      .then(
        () => client,
        (error: unknown) => {
          this.drop(client)
          throw plainError(error)
        },
      )
    this.#current = { client, ready }
    return ready
  }

  /** Runs commands; a connection that failed them, or did not answer within `patienceMs`, is dropped. */
  async run<T>(work: (client: Redis) => Promise<T>, patienceMs: number = defaultPatienceMs): Promise<T> {
    const client = await this.connect()
    const timer = setTimeout(() => this.drop(client), patienceMs)
    try {
      return await work(client)
    } catch (error) {
      if (isReply(error)) throw error
      this.drop(client)
      throw plainError(error)
    } finally {
      clearTimeout(timer)
    }
  }

  /** Lets go of a connection, with what has not left this process yet. */
  drop(client: Redis | undefined = this.#current?.client): void {
    client?.disconnect()
    if (this.#current?.client === client) this.#current = undefined
  }

  close(): void {
    this.#closed = true
    this.#spare?.disconnect()
    this.drop()
  }
}
