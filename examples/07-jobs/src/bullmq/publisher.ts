import type { Message } from '@waybill/core'
import { type BrokerPublisher, PublishError, type PublishOptions, type PublishOutcome } from '@waybill/core/contracts'
import { type JobsOptions, Queue } from 'bullmq'
import { Redis, ReplyError } from 'ioredis'
import { dataOf, jobIdOf } from './job-message.ts'

export interface BullmqPublisherOptions {
  /** Redis should have `appendfsync always`: what it accepts is then on its disk. */
  readonly url: string
  /** BullMQ's own. @default 'bull' */
  readonly prefix?: string
  /** Of every job, for example `attempts` and `backoff`. */
  readonly jobs?: Omit<JobsOptions, 'jobId'>
}

const maxMessageBytes = 1_048_576

/** Publishes messages as jobs: the topic is the queue, the type is the job's name, the id is the job's id. */
export function bullmqPublisher(options: BullmqPublisherOptions): BrokerPublisher {
  return new BullmqPublisher(options)
}

class BullmqPublisher implements BrokerPublisher {
  readonly specificationVersion = 'v1'
  readonly name = 'bullmq'
  // BullMQ adds jobs one by one, its addBulk too: of a key, one message at a time is on its way.
  readonly capabilities = { atomicPerKey: false, maxMessageBytes, maxBatchMessages: 500 } as const
  readonly #options: BullmqPublisherOptions
  readonly #client: Redis
  readonly #queues = new Map<string, Queue>()
  readonly #calls = new Set<Promise<unknown>>()
  #closed = false

  constructor(options: BullmqPublisherOptions) {
    this.#options = options
    // Nothing is sent again or kept for later behind the relay's back: it could overtake.
    const own = { lazyConnect: true, enableOfflineQueue: false, autoResendUnfulfilledCommands: false }
    this.#client = new Redis(options.url, { ...own, maxRetriesPerRequest: 0 })
    // Whoever publishes is told by the outcome.
    this.#client.on('error', () => undefined)
  }

  async publish(messages: readonly Message[], { signal }: PublishOptions): Promise<readonly PublishOutcome[]> {
    if (this.#closed) return messages.map(() => unavailable('the publisher has been closed'))
    const call = this.#publish(messages, signal)
    this.#calls.add(call)
    return await call.finally(() => this.#calls.delete(call))
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#calls)
    await Promise.allSettled([...this.#queues.values()].map((queue) => queue.close()))
    this.#client.disconnect()
  }

  async #publish(messages: readonly Message[], signal: AbortSignal): Promise<readonly PublishOutcome[]> {
    if (!(await this.#isConnected(signal))) return messages.map(() => unavailable('there is no connection to Redis'))
    return await Promise.all(messages.map((message) => this.#publishOne(message, signal)))
  }

  async #publishOne(message: Message, signal: AbortSignal): Promise<PublishOutcome> {
    const data = dataOf(message)
    const bytes = Buffer.byteLength(JSON.stringify(data))
    if (bytes > maxMessageBytes) {
      const text = `${bytes} bytes are more than a job may have (${maxMessageBytes})`
      return { type: 'rejected', retryable: false, error: new PublishError('PAYLOAD_TOO_LARGE', text) }
    }
    const added = this.#queue(message.topic).add(message.type, data, { ...this.#options.jobs, jobId: jobIdOf(message) })
    return await Promise.race([added.then(() => ({ type: 'accepted' }) as const, failed), whenAborted(signal)])
  }

  #queue(topic: string): Queue {
    const known = this.#queues.get(topic)
    if (known !== undefined) return known
    const queue = new Queue(topic, { connection: this.#client, prefix: this.#options.prefix ?? 'bull' })
    // As above.
    queue.on('error', () => undefined)
    this.#queues.set(topic, queue)
    return queue
  }

  /** BullMQ gives up a queue whose first connection fails, so that there is none before there is a connection. */
  async #isConnected(signal: AbortSignal): Promise<boolean> {
    if (this.#client.status === 'wait') this.#client.connect().catch(() => undefined)
    if (this.#client.status === 'ready') return true
    const ready = new Promise<boolean>((resolve) => this.#client.once('ready', () => resolve(true)))
    const failure = new Promise<boolean>((resolve) => this.#client.once('close', () => resolve(false)))
    return await Promise.race([ready, failure, whenAborted(signal).then(() => false)])
  }
}

/** What Redis answers with an error, it has not done: it is out of memory, read-only, or still loading. */
function failed(error: Error): PublishOutcome {
  return error instanceof ReplyError ? unavailable(error.message) : unknown(error.message)
}

function unavailable(text: string): PublishOutcome {
  return { type: 'unavailable', scope: 'broker', error: new PublishError('BROKER_UNAVAILABLE', text) }
}

function unknown(text: string): PublishOutcome {
  return { type: 'unknown', error: new PublishError('BROKER_UNKNOWN', text) }
}

function whenAborted(signal: AbortSignal): Promise<PublishOutcome> {
  const outcome = unknown('Redis has not answered in time')
  if (signal.aborted) return Promise.resolve(outcome)
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(outcome), { once: true }))
}
