import {
  type BrokerPublisher,
  type Message,
  PublishError,
  type PublisherCapabilities,
  type PublishOptions,
  type PublishOutcome,
  WaybillError,
} from '@waybill/core/contracts'
import type { KafkaClient, ProducerLink } from '../client/client.ts'
import { openClient } from '../client/open-client.ts'
import { KafkaFailure, outcomeOf } from '../failure.ts'
import { type KafkaPublisherOptions, type ResolvedPublisherOptions, resolvePublisherOptions } from '../options.ts'
import { divide, type Outgoing, toOutgoing } from './outgoing.ts'
import { PublishCall } from './publish-call.ts'
import { Topics } from './topics.ts'

/** Of the time that the caller waits, what the broker may use: its answer is to come before we stop waiting. */
const brokerShare = 0.75

/**
 * Publishes to Kafka: `acks=all`, one record batch for each partition, no retries, and nothing taken for accepted that the
 * broker's answer does not cover.
 *
 * @throws `ConfigurationError` with all problems at once.
 */
export function kafkaPublisher(options: KafkaPublisherOptions): BrokerPublisher {
  return new KafkaPublisher(resolvePublisherOptions(options))
}

class KafkaPublisher implements BrokerPublisher {
  readonly specificationVersion = 'v1'
  readonly name = 'kafka'
  readonly capabilities: PublisherCapabilities
  readonly #options: ResolvedPublisherOptions
  readonly #topics: Topics
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #client: Promise<KafkaClient>
  #link: ProducerLink | undefined
  #linkTimeoutMs: number | undefined
  /** The last call left open what failed: until one succeeds, each batch goes out alone. */
  #alone = false
  #closed = false

  constructor(options: ResolvedPublisherOptions) {
    this.#options = options
    const { maxMessageBytes, maxBatchMessages, topology, topicSettings, metadataMaxAgeMs } = options
    this.capabilities = { atomicPerKey: true, maxMessageBytes, maxBatchMessages }
    // Loading the library must not take the time of the first call, which learns of a failure, too.
    this.#client = openClient(options, { compression: options.compression })
    this.#client.catch(() => undefined)
    this.#topics = new Topics(metadataMaxAgeMs, topology === 'create' ? topicSettings : undefined)
  }

  async publish(messages: readonly Message[], options: PublishOptions): Promise<readonly PublishOutcome[]> {
    if (this.#closed) {
      throw new WaybillError({ code: 'NOT_RUNNING', message: 'The Kafka publisher has been closed', retryable: false })
    }
    return await this.#during(this.#publish(messages, options))
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#underWay)
    this.#drop()
    await Promise.allSettled(this.#underWay)
  }

  async #publish(
    messages: readonly Message[],
    { signal, timeoutMs }: PublishOptions,
  ): Promise<readonly PublishOutcome[]> {
    const call = new PublishCall(messages.length)
    const sendable = this.#prepare(call, messages)
    const ended = new Ended(signal, timeoutMs)
    try {
      if (sendable.length > 0) await ended.orDone(this.#send(call, sendable, timeoutMs))
    } catch (error) {
      // Nobody waits for the answer any more: it must not be taken for that of a later call.
      this.#drop()
      this.#alone = true
      return call.end(error instanceof Error ? error : new Error(String(error)))
    } finally {
      ended.forget()
    }
    return call.end(new Error('no answer'))
  }

  /** Refuses what is too large, and holds back what follows it in its key. */
  #prepare(call: PublishCall, messages: readonly Message[]): readonly Outgoing[] {
    const { format, topicOf, maxMessageBytes } = this.#options
    return messages.flatMap((message, index) => {
      const terms = { topic: topicOf(message.topic), format, maxBytes: maxMessageBytes }
      const outgoing = toOutgoing(message, index, terms)
      if (call.isStopped(outgoing)) {
        call.stop(outgoing)
        return []
      }
      if (outgoing.bytes <= maxMessageBytes) return [outgoing]
      const text = `The message has ${outgoing.bytes} bytes, more than maxMessageBytes (${maxMessageBytes})`
      call.settle(outgoing, { type: 'rejected', retryable: false, error: new PublishError('PAYLOAD_TOO_LARGE', text) })
      return []
    })
  }

  async #send(call: PublishCall, messages: readonly Outgoing[], timeoutMs: number): Promise<void> {
    const client = await this.#client
    if (call.hasEnded) return
    const link = this.#open(client, Math.ceil(timeoutMs * brokerShare))
    const topics = [...new Set(messages.map(({ topic }) => topic))]
    const found = await this.#topics.partitions(link, topics)
    const known = new Map([...found].filter((entry): entry is [string, number] => typeof entry[1] === 'number'))
    for (const message of messages) {
      const failure = found.get(message.topic)
      if (failure instanceof KafkaFailure) call.settle(message, outcomeOf(failure, message.topic))
    }
    const sendable = messages.filter(({ topic }) => known.has(topic))
    const lanes = divide(sendable, known, this.#options.maxMessageBytes)
    await call.send(link, lanes, this.#alone)
    if (call.hasEnded) return
    this.#alone = call.failedTopics.size > 0
    for (const topic of call.failedTopics) this.#topics.forget(topic)
    const isUnsound = [...found.values()].some((each) => each instanceof KafkaFailure && each.kind !== 'missing')
    if (this.#alone || isUnsound) this.#drop()
  }

  #open(client: KafkaClient, timeoutMs: number): ProducerLink {
    if (timeoutMs !== this.#linkTimeoutMs) this.#drop()
    this.#linkTimeoutMs = timeoutMs
    this.#link ??= client.openProducer(timeoutMs)
    return this.#link
  }

  /** The next call opens new connections; those of this one are closed, with whatever still comes over them. */
  #drop(): void {
    const link = this.#link
    this.#link = undefined
    if (link !== undefined) void this.#during(link.close())
  }

  async #during<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work)
    try {
      return await work
    } finally {
      this.#underWay.delete(work)
    }
  }
}

/** When the caller no longer waits. */
class Ended {
  readonly #over: PromiseWithResolvers<never> = Promise.withResolvers()
  readonly #timer: NodeJS.Timeout
  readonly #signal: AbortSignal
  readonly #abort = (): void => this.#over.reject(new Error('the call was aborted'))

  constructor(signal: AbortSignal, timeoutMs: number) {
    this.#signal = signal
    this.#timer = setTimeout(() => this.#over.reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    signal.addEventListener('abort', this.#abort, { once: true })
    if (signal.aborted) this.#abort()
    this.#over.promise.catch(() => undefined)
  }

  /** Rejects when the caller no longer waits; what the work does afterwards is of no interest. */
  async orDone(work: Promise<void>): Promise<void> {
    work.catch(() => undefined)
    await Promise.race([this.#over.promise, work])
  }

  forget(): void {
    clearTimeout(this.#timer)
    this.#signal.removeEventListener('abort', this.#abort)
  }
}
