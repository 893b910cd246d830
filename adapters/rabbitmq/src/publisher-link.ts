import type { Readiness } from '@waybill/core/contracts'
import type { ChannelModel, ConfirmChannel } from 'amqplib'
import { closeConnection, destroyConnection, openConnection, type RabbitmqAccess } from './connection.ts'
import { plainError } from './errors.ts'

/** A channel with confirms, and what has been learnt over it. */
export interface PublishChannel {
  readonly model: ChannelModel
  readonly channel: ConfirmChannel
  /** Exchanges that were there when they were last asked for. */
  readonly exchanges: Set<string>
  /** Why it was closed; undefined while it is open. */
  closedBy?: Error
}

/** A connection for publishing, made when it is needed, and anew after it was lost. */
export class PublisherLink {
  readonly #access: RabbitmqAccess
  readonly #listeners = new Set<() => void>()
  #model: Promise<ChannelModel> | undefined
  #channel: Promise<PublishChannel> | undefined
  #blocked: ChannelModel | undefined
  #isClosed = false

  constructor(access: RabbitmqAccess) {
    this.#access = access
  }

  /** RabbitMQ tells connections that publish when it takes nothing: memory or disk are short. */
  get isBlocked(): boolean {
    return this.#blocked !== undefined
  }

  get readiness(): Readiness {
    return {
      ready: () => !this.isBlocked,
      onChange: (listener) => {
        this.#listeners.add(listener)
        return () => this.#listeners.delete(listener)
      },
    }
  }

  connect(): Promise<PublishChannel> {
    if (this.#isClosed) return Promise.reject(new Error('The connection has been closed'))
    this.#channel ??= this.#openChannel()
    return this.#channel
  }

  /** Lets go of a connection at once, with what has not left this process yet. */
  drop({ model }: Pick<PublishChannel, 'model'>): void {
    destroyConnection(model)
    this.#forget(model)
  }

  /** Lets go of whatever is being connected to. */
  dropCurrent(): void {
    const connecting = this.#model
    this.#model = undefined
    this.#channel = undefined
    connecting?.then(destroyConnection, () => undefined)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const model = await this.#model?.catch(() => undefined)
    if (model !== undefined) await closeConnection(model)
  }

  async #openChannel(): Promise<PublishChannel> {
    const opening = this.#model ?? this.#open()
    this.#model = opening
    try {
      const model = await opening
      const channel = await model.createConfirmChannel()
      const open: PublishChannel = { model, channel, exchanges: new Set() }
      channel.on('error', (error: Error) => {
        open.closedBy = error
      })
      channel.on('close', () => {
        open.closedBy ??= new Error('The channel was closed')
        this.#channel = undefined
      })
      return open
    } catch (error) {
      if (this.#model === opening) this.dropCurrent()
      throw plainError(error)
    }
  }

  async #open(): Promise<ChannelModel> {
    const model = await openConnection(this.#access)
    model.on('blocked', () => this.#block(model))
    model.on('unblocked', () => this.#unblock(model))
    model.on('close', () => this.#forget(model))
    return model
  }

  #forget(model: ChannelModel): void {
    this.#unblock(model)
    const current = this.#model
    current?.then(
      (open) => {
        if (open !== model || this.#model !== current) return
        this.#model = undefined
        this.#channel = undefined
      },
      () => undefined,
    )
  }

  #block(model: ChannelModel): void {
    this.#blocked = model
    this.#tell()
  }

  #unblock(model: ChannelModel): void {
    if (this.#blocked !== model) return
    this.#blocked = undefined
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}
