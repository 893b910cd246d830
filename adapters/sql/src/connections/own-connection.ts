import { StorageError } from '@waybill/core/contracts'
import type { Connection, Connector } from './connection.ts'

/** A driver's connection. */
export interface DriverConnection extends Connection {
  /** What refers to the process while statements are under way, and lets it end while none are. */
  readonly socket: unknown
  end(): Promise<void>
}

/** Opens a connection. `lost` is to be called when it has broken, or must not be used again; by then it has been ended. */
export type OpenConnection = (lost: () => void) => Promise<DriverConnection>

/** One connection of a storage's own, opened at first use, and again after it was lost. */
export class OwnConnection implements Connector {
  generation = 0
  readonly #open: OpenConnection
  #opened: Promise<DriverConnection> | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(open: OpenConnection) {
    this.#open = open
  }

  use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      if (this.#closed) throw new StorageError('STORAGE_UNAVAILABLE', 'The storage has been closed')
      const connection = await this.#connection()
      holdProcess(connection.socket, true)
      try {
        return await work(connection)
      } finally {
        holdProcess(connection.socket, false)
      }
    })
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#turn
    const connection = await this.#opened
    holdProcess(connection?.socket, true)
    await connection?.end()
  }

  async #connection(): Promise<DriverConnection> {
    if (this.#opened !== undefined) return this.#opened
    const opened = this.#open(() => {
      if (this.#opened === opened) this.#opened = undefined
    })
    this.#opened = opened
    try {
      const connection = await opened
      this.generation++
      return connection
    } catch (error) {
      this.#opened = undefined
      throw error
    }
  }
}

function holdProcess(socket: unknown, hold: boolean): void {
  const { ref, unref } = Object(socket)
  const change: unknown = hold ? ref : unref
  if (typeof change === 'function') Reflect.apply(change, socket, [])
}
