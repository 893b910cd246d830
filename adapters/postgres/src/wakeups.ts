import { StorageError, type WakeupSource, WaybillError } from '@waybill/core/contracts'
import type { Session, SqlContext } from '@waybill/sql'
import { sql } from 'kysely'
import type { Client, ClientConfig } from 'pg'
import pg from 'pg'
import { channelOf } from './notifier.ts'

export interface WakeupParts {
  readonly context: SqlContext
  /** Of a direct connection: poolers that give a connection to one transaction at a time swallow LISTEN. */
  readonly listen: ClientConfig
  /** Where notifications come from in the trial whether they arrive. */
  readonly session: Session
  /** The sender of this process, whose relays are woken without a detour. */
  readonly self: string
}

const firstPauseMs = 100
const lastPauseMs = 30_000
/** A notification that has not arrived by then was swallowed. */
const trialMs = 2000

/** Listens on a connection of its own, and again after that has broken. */
export function postgresWakeups(parts: WakeupParts): WakeupSource {
  return {
    async subscribe(wake) {
      const listener = new Listener(parts, wake)
      await listener.open()
      return listener
    },
  }
}

class Listener implements AsyncDisposable {
  readonly #parts: WakeupParts
  readonly #wake: () => void
  #client: Client | undefined
  #timer: NodeJS.Timeout | undefined
  #pauseMs = firstPauseMs
  #heard: (payload: string) => void = () => undefined
  #arrived = false
  #closed = false

  constructor(parts: WakeupParts, wake: () => void) {
    this.#parts = parts
    this.#wake = wake
  }

  /** @throws {@link StorageError} if notifications do not arrive. A server that cannot be reached now is tried again later. */
  async open(): Promise<void> {
    if (await this.#listen()) await this.#tryOut()
  }

  /** Once: what arrives on one connection arrives on the next. */
  async #tryOut(): Promise<void> {
    if (this.#arrived) return
    this.#arrived = await this.#arrives()
    if (this.#arrived || this.#closed) return
    await this[Symbol.asyncDispose]()
    const remedy = 'give `listenUrl`, a direct connection; until then the relay polls'
    throw new StorageError(
      'STORAGE_UNSUPPORTED',
      `NOTIFY does not arrive, as behind a pooler that swallows LISTEN: ${remedy}`,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#client?.end()
  }

  async #listen(): Promise<boolean> {
    const client = new pg.Client(this.#parts.listen)
    this.#client = client
    client.on('error', () => this.#again(client))
    client.on('end', () => this.#again(client))
    client.on('notification', ({ payload = '' }) => this.#hear(payload))
    try {
      await client.connect()
      await client.query(`listen ${client.escapeIdentifier(channelOf(this.#parts.context))}`)
      this.#pauseMs = firstPauseMs
      return true
    } catch {
      // The relay's own statements meet the same server, and their errors are reported.
      this.#again(client)
      return false
    }
  }

  #hear(payload: string): void {
    this.#heard(payload)
    if (payload !== this.#parts.self) this.#wake()
  }

  #again(client: Client): void {
    if (this.#closed || this.#client !== client) return
    this.#client = undefined
    void client.end().catch(() => undefined)
    this.#timer = setTimeout(() => void this.#resume(), this.#pauseMs)
    this.#pauseMs = Math.min(lastPauseMs, this.#pauseMs * 2)
  }

  /** What was notified meanwhile has been missed. */
  async #resume(): Promise<void> {
    if (!(await this.#listen())) return
    this.#wake()
    await this.#tryOut().catch((error: unknown) => {
      // Nobody waits for this any more who could be told otherwise. What cannot be tried out now is at the next connection.
      const isSwallowed = WaybillError.isInstance(error) && error.code === 'STORAGE_UNSUPPORTED'
      if (isSwallowed) process.emitWarning(error.message, { code: 'WAYBILL_NO_WAKEUPS' })
    })
  }

  async #arrives(): Promise<boolean> {
    const { context, session } = this.#parts
    const trial = crypto.randomUUID()
    const arrived = Promise.withResolvers<boolean>()
    this.#heard = (payload) => payload === trial && arrived.resolve(true)
    const timer = setTimeout(() => arrived.resolve(false), trialMs)
    try {
      await session.execute(sql`select pg_notify(${channelOf(context)}, ${trial})`.compile(context.builder))
      return await arrived.promise
    } finally {
      clearTimeout(timer)
      this.#heard = () => undefined
    }
  }
}
