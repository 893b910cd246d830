import { setTimeout as pass } from 'node:timers/promises'
import type { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { type ActiveSubscription, type Delivery, type Disposition, WaybillError } from '@waybill/core/contracts'
import { Gate } from './gate.ts'
import { decode, rawOf } from './mapping.ts'

export type Handle = (delivery: Delivery) => Promise<Disposition>

/** The group's place in the stream of one topic. */
interface Source {
  readonly topic: string
  readonly consumer: Consumer
}

interface Terms {
  readonly connection: NatsConnection
  readonly sources: readonly Source[]
  readonly handle: Handle
  readonly ackWaitMs: number
  readonly maxInFlight: number
}

/** How long a request for messages waits at the server, in milliseconds: NATS allows no less than a second. */
const pullMs = 1000
const afterFailureMs = 100

/** Pulls as many messages as may be handled, so that none waits here while another member could have it. */
export class NatsSubscription implements ActiveSubscription {
  readonly closed: Promise<void>
  readonly #terms: Terms
  /** Open as long as deliveries may begin. */
  readonly #running = new Gate()
  readonly #room = new Gate()
  /** What the server has given us, and has no answer to. */
  readonly #inHand = new Set<JsMsg>()
  readonly #handling = new Set<Promise<void>>()
  readonly #pulls = new Set<ConsumerMessages>()
  readonly #lost = new AbortController()
  readonly #loops: Promise<unknown>
  readonly #heartbeat: NodeJS.Timeout
  #ending = false
  #disposal: Promise<void> | undefined

  constructor(terms: Terms) {
    this.#terms = terms
    this.#running.open()
    this.#room.open()
    this.#heartbeat = setInterval(() => this.#saySoStill(), terms.ackWaitMs / 3)
    this.#loops = Promise.all(terms.sources.map((source) => this.#pullFrom(source)))
    void this.#watchConnection()
    this.closed = this.#ended()
    // Whoever does not ask is told by nothing else; core asks.
    this.closed.catch(() => undefined)
  }

  pause(): void {
    this.#running.close()
  }

  resume(): void {
    this.#running.open()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose()
    return this.#disposal
  }

  async #dispose(): Promise<void> {
    this.#ending = true
    this.#running.open()
    this.#room.open()
    for (const pull of this.#pulls) pull.stop()
    await this.#loops
    await Promise.all(this.#handling)
    clearInterval(this.#heartbeat)
    if (!this.#terms.connection.isClosed()) await this.#terms.connection.flush().catch(() => undefined)
  }

  async #ended(): Promise<void> {
    const cause = await Promise.race([this.#terms.connection.closed(), this.#loops])
    if (this.#ending) return await this.#disposal
    this.#lost.abort(cause)
    clearInterval(this.#heartbeat)
    const message = 'The connection to NATS has ended for good'
    throw new WaybillError({ code: 'BROKER_UNAVAILABLE', message, retryable: true, cause })
  }

  /** A request that is under way when the connection is lost would wait for ever. */
  async #watchConnection(): Promise<void> {
    for await (const { type } of this.#terms.connection.status()) {
      if (type === 'disconnect') for (const pull of this.#pulls) pull.stop()
    }
  }

  async #pullFrom(source: Source): Promise<void> {
    while (!this.#ending && !this.#terms.connection.isClosed()) {
      await this.#running.passed
      await this.#room.passed
      if (this.#ending) return
      try {
        await this.#pullOnce(source)
      } catch {
        // No connection at present, or none that answers: the client makes a new one, and is asked again.
        await pass(afterFailureMs)
      }
    }
  }

  async #pullOnce(source: Source): Promise<void> {
    const count = Math.max(1, Math.floor((this.#terms.maxInFlight - this.#handling.size) / this.#terms.sources.length))
    const pull = await source.consumer.fetch({ max_messages: count, expires: pullMs })
    this.#pulls.add(pull)
    try {
      for await (const message of pull) await this.#take(source, message)
    } finally {
      this.#pulls.delete(pull)
    }
  }

  async #take({ topic }: Source, message: JsMsg): Promise<void> {
    this.#inHand.add(message)
    await this.#running.passed
    await this.#room.passed
    if (this.#ending) return this.#giveBack(message)
    const handling = this.#handle(topic, message).finally(() => {
      this.#handling.delete(handling)
      this.#inHand.delete(message)
      this.#room.open()
    })
    this.#handling.add(handling)
    if (this.#handling.size >= this.#terms.maxInFlight) this.#room.close()
  }

  #giveBack(message: JsMsg): void {
    this.#inHand.delete(message)
    message.nak()
  }

  async #handle(topic: string, message: JsMsg): Promise<void> {
    const disposition = await this.#terms.handle(this.#deliveryOf(topic, message)).catch(() => again)
    try {
      // Not before the server has it: an ack that is lost is a delivery again.
      if (disposition.type === 'ack') await message.ackAck()
      else if (disposition.type === 'reject') message.term(disposition.reason)
      else message.nak(disposition.delayMs)
    } catch {
      // The connection was lost. The server delivers it again, and the receipt in the inbox knows it.
    }
  }

  #deliveryOf(topic: string, message: JsMsg): Delivery {
    const { info, data, headers } = message
    const raw = rawOf(data, headers)
    const decoded = decode(topic, raw)
    return {
      raw,
      ...(decoded === undefined ? {} : { message: decoded }),
      source: { topic, position: String(info.streamSequence) },
      redelivered: message.redelivered,
      deliveryCount: info.deliveryCount,
      signal: this.#lost.signal,
    }
  }

  #saySoStill(): void {
    if (this.#terms.connection.isClosed()) return
    for (const message of this.#inHand) message.working()
  }
}

const again: Disposition = { type: 'retry', delayMs: 0 }
