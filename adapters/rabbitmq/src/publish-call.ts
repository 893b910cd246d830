import type { PublishOptions, PublishOutcome } from '@waybill/core/contracts'
import type { Message as AmqpMessage, Options } from 'amqplib'
import { exchangeOf, exchangeRefused, refusedByQueue, unknown, unreachable, unroutable, unwritable } from './errors.ts'
import { requireExchanges } from './exchanges.ts'
import type { Route } from './options.ts'
import type { PublishChannel, PublisherLink } from './publisher-link.ts'

/** A message that is ready to be sent. */
export interface Prepared {
  /** Its place in the publish call. */
  readonly index: number
  readonly id: string
  readonly route: Route
  readonly body: Buffer
  readonly properties: Options.Publish
}

interface CallTerms {
  readonly link: PublisherLink
  readonly topology: 'existing' | 'create'
  readonly maxUnconfirmedBytes: number
  /** To be filled, by the index of the message. */
  readonly outcomes: (PublishOutcome | undefined)[]
}

/** Part of the caller's time that is left for answering, so that what is known by then is not lost with the rest. */
const answeringShare = 0.1

/** One call of `publish`: what is on its way, and what is known of it. */
export class PublishCall {
  readonly #terms: CallTerms
  readonly #over: Promise<'over'>
  readonly #stopWaiting: () => void
  readonly #unconfirmed = new Map<string, Prepared>()
  #unconfirmedBytes = 0
  #isOver = false
  #changed: PromiseWithResolvers<void> = Promise.withResolvers()

  constructor(terms: CallTerms, { signal, timeoutMs }: PublishOptions) {
    this.#terms = terms
    const over = Promise.withResolvers<'over'>()
    const end = (): void => {
      this.#isOver = true
      over.resolve('over')
    }
    const timer = setTimeout(end, timeoutMs * (1 - answeringShare))
    if (signal.aborted) end()
    signal.addEventListener('abort', end, { once: true })
    this.#over = over.promise
    this.#stopWaiting = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
    }
  }

  async run(messages: readonly Prepared[]): Promise<void> {
    const open = await this.#begin(messages)
    if (open !== undefined) {
      const { channel } = open
      const onReturn = (returned: AmqpMessage): void => this.#onReturn(returned)
      const onChange = (): void => this.#change()
      channel.on('return', onReturn)
      for (const event of ['drain', 'close']) channel.on(event, onChange)
      await this.#send(open, messages)
      await this.#until(open, () => this.#unconfirmed.size === 0)
      this.#conclude(open)
      channel.off('return', onReturn)
      for (const event of ['drain', 'close']) channel.off(event, onChange)
    }
    this.#stopWaiting()
  }

  /** Connects, and finds out which exchanges are there. Nothing has been sent: what fails is an outage. */
  async #begin(messages: readonly Prepared[]): Promise<PublishChannel | undefined> {
    const { link, topology, outcomes } = this.#terms
    const begin = async (): Promise<PublishChannel> => {
      const open = await link.connect()
      const wanted = new Set(messages.map(({ route }) => route.exchange))
      const refused = await requireExchanges(open, wanted, topology)
      for (const { index, route } of messages) outcomes[index] = refused.get(route.exchange)
      return open
    }
    try {
      if (link.isBlocked) throw new Error('it is short of memory or disk, and takes no messages')
      const begun = await Promise.race([begin(), this.#over])
      if (begun !== 'over') return begun
      link.dropCurrent()
      throw new Error('it could not be connected to in time')
    } catch (error) {
      for (const { index } of messages) outcomes[index] = unreachable(error)
      return undefined
    }
  }

  async #send(open: PublishChannel, messages: readonly Prepared[]): Promise<void> {
    const { maxUnconfirmedBytes, outcomes } = this.#terms
    for (const message of messages) {
      if (outcomes[message.index] !== undefined) continue
      const hasRoom = (): boolean => this.#unconfirmed.size === 0 || this.#unconfirmedBytes < maxUnconfirmedBytes
      if (!(await this.#until(open, hasRoom))) return
      if (this.#write(open, message)) continue
      let hasDrained = false
      open.channel.once('drain', () => {
        hasDrained = true
      })
      await this.#until(open, () => hasDrained)
    }
  }

  /** Answers `false` if the client's buffer is full. */
  #write({ channel }: PublishChannel, message: Prepared): boolean {
    const { id, route, body, properties } = message
    this.#unconfirmed.set(id, message)
    this.#unconfirmedBytes += body.byteLength
    try {
      return channel.publish(route.exchange, route.routingKey, body, properties, (error: unknown) => {
        // A closed channel calls back too, without knowing anything.
        if (error === null) this.#settle(message, { type: 'accepted' })
        else if (error instanceof Error && error.message === 'message nacked')
          this.#settle(message, refusedByQueue(route.exchange))
      })
    } catch (error) {
      this.#settle(message, unwritable(error))
      return true
    }
  }

  /** RabbitMQ returns what it has no queue for before it confirms it. */
  #onReturn({ fields, properties }: AmqpMessage): void {
    const id: unknown =
      properties.messageId ?? properties.headers?.['waybill-id'] ?? properties.headers?.['cloudEvents:id']
    const message = this.#unconfirmed.get(String(id))
    if (message !== undefined) this.#terms.outcomes[message.index] = unroutable(fields.exchange, fields.routingKey)
  }

  #settle(message: Prepared, outcome: PublishOutcome): void {
    if (!this.#unconfirmed.delete(message.id)) return
    this.#unconfirmedBytes -= message.body.byteLength
    this.#terms.outcomes[message.index] ??= outcome
    this.#change()
  }

  /** Waits for a condition. Answers `false` if the channel was closed or the time is over before. */
  async #until(open: PublishChannel, isMet: () => boolean): Promise<boolean> {
    for (;;) {
      if (open.closedBy !== undefined || this.#isOver) return false
      if (isMet()) return true
      await Promise.race([this.#changed.promise, this.#over])
    }
  }

  /** What is not known by now. What was not written at all has no outcome: the caller says so. */
  #conclude(open: PublishChannel): void {
    const { link, outcomes } = this.#terms
    const unknowns = [...this.#unconfirmed.values()]
    this.#unconfirmed.clear()
    if (open.closedBy !== undefined) {
      this.#concludeClosed(unknowns, open.closedBy)
      return
    }
    for (const { index } of unknowns) outcomes[index] ??= unknown('RabbitMQ did not confirm in time')
    // A blocked connection is kept: it is the one that is told when it may go on.
    if (unknowns.length > 0 && !link.isBlocked) link.drop(open)
  }

  #concludeClosed(unknowns: readonly Prepared[], reason: Error): void {
    const { outcomes } = this.#terms
    const culprit = exchangeOf(reason)
    const last = unknowns.findLastIndex(({ route }) => route.exchange === culprit)
    for (const [place, { index, route }] of unknowns.entries()) {
      // RabbitMQ ignores what comes after the message that closed the channel.
      if (route.exchange === culprit) outcomes[index] ??= exchangeRefused(culprit, reason)
      else if (last >= 0 && place > last) outcomes[index] ??= { type: 'not-sent' }
      else outcomes[index] ??= unknown('The channel was closed before RabbitMQ had confirmed', reason)
    }
  }

  #change(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
