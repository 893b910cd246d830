import type { BrokerPublisher, Message, PublishOptions, PublishOutcome } from '@waybill/core/contracts'
import { tooLarge, unreachable, unwritable } from './errors.ts'
import { headerBytes, type MessageFormat, toProperties } from './mapping.ts'
import { checkOptions, type RabbitmqPublisherOptions, type Route } from './options.ts'
import { type Prepared, PublishCall } from './publish-call.ts'
import { PublisherLink } from './publisher-link.ts'

/** All headers have to fit into one frame, which has 128 KiB by default. */
const maxHeaderBytes = 100_000

interface Terms {
  readonly link: PublisherLink
  readonly route: (message: Message) => Route
  readonly format: MessageFormat
  readonly topology: 'existing' | 'create'
  readonly maxMessageBytes: number
  readonly maxUnconfirmedBytes: number
}

/**
 * Publishes to exchanges of RabbitMQ, with confirms. It connects at the first call, and anew whenever a connection was lost.
 *
 * Confirms come for each message by itself, so that a later one of a key may be accepted without an earlier one: not
 * `atomicPerKey`. Core has one message of a key on its way at a time.
 *
 * @throws {@link ConfigurationError} with all that is wrong with the options.
 *
 * @example
 * ```ts
 * const publisher = rabbitmqPublisher({ rabbitmq: { url: 'amqps://relay:secret@rabbit.example/shop' } })
 * const relay = new Relay({ storage, publisher })
 * ```
 */
export function rabbitmqPublisher(options: RabbitmqPublisherOptions): BrokerPublisher {
  checkOptions('rabbitmqPublisher', options)
  const { maxMessageBytes = 2 ** 20, maxBatchMessages = 500, maxUnconfirmedBytes = 2 ** 24 } = options
  const { topology = 'existing', format = 'waybill', route = defaultRoute } = options
  const link = new PublisherLink(options.rabbitmq)
  const terms: Terms = { link, route, format, topology, maxMessageBytes, maxUnconfirmedBytes }
  const calls = new Set<Promise<unknown>>()
  let isClosed = false
  return {
    specificationVersion: 'v1',
    name: 'rabbitmq',
    capabilities: { atomicPerKey: false, maxMessageBytes, maxBatchMessages },
    readiness: link.readiness,
    async publish(messages, publishOptions) {
      if (isClosed) return messages.map(() => unreachable(new Error('the publisher has been closed')))
      const call = publishAll(terms, messages, publishOptions)
      calls.add(call)
      return await call.finally(() => calls.delete(call))
    },
    async close() {
      isClosed = true
      await Promise.allSettled(calls)
      await link.close()
    },
  }
}

async function publishAll(
  terms: Terms,
  messages: readonly Message[],
  options: PublishOptions,
): Promise<readonly PublishOutcome[]> {
  const outcomes: (PublishOutcome | undefined)[] = messages.map(() => undefined)
  const prepared = messages.flatMap((message, index) => {
    const ready = prepare(terms, message, index)
    if ('type' in ready) outcomes[index] = ready
    return 'type' in ready ? [] : [ready]
  })
  if (prepared.length > 0) await new PublishCall({ ...terms, outcomes }, options).run(prepared)
  return outcomes.map((outcome) => outcome ?? { type: 'not-sent' })
}

function prepare(terms: Terms, message: Message, index: number): Prepared | PublishOutcome {
  const { maxMessageBytes } = terms
  const properties = toProperties(message, terms.format)
  const headers = headerBytes(properties)
  const bytes = message.payload.byteLength + headers
  if (headers > maxHeaderBytes) return tooLarge(headers, maxHeaderBytes, 'headers')
  if (bytes > maxMessageBytes) return tooLarge(bytes, maxMessageBytes, 'payload and headers')
  const { buffer, byteOffset, byteLength } = message.payload
  try {
    const route = terms.route(message)
    return { index, id: message.id, route, properties, body: Buffer.from(buffer, byteOffset, byteLength) }
  } catch (error) {
    return unwritable(error)
  }
}

function defaultRoute({ topic, type }: Message): Route {
  return { exchange: topic, routingKey: type }
}
