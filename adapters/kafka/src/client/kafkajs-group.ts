import { PublishError } from '@waybill/core/contracts'
import type { Consumer, IHeaders } from 'kafkajs'
import { withinTime } from '../within-time.ts'
import type { GroupLink, GroupListener, GroupTerms, IncomingRecord, TopicPartition } from './client.ts'
import type { KafkajsHandle } from './kafkajs.ts'
import { failureOf } from './kafkajs-failure.ts'

/** How long the broker may wait for records, in milliseconds: heartbeats are sent between two fetches. */
const maxWaitMs = 250
const closeWithinMs = 5000
/** Batches that are taken over side by side; each is but put into a list. */
const batchesAtOnce = 32

/** A member of a group by kafkajs: it fetches, beats and rejoins; what is handled and committed is not its affair. */
export class KafkajsGroup implements GroupLink {
  readonly #handle: KafkajsHandle
  readonly #consumer: Consumer
  readonly #listener: GroupListener
  #memberId: string | undefined
  #closed = false

  private constructor(handle: KafkajsHandle, terms: GroupTerms, listener: GroupListener) {
    this.#handle = handle
    this.#listener = listener
    this.#consumer = handle.kafka.consumer({
      groupId: terms.group,
      sessionTimeout: terms.sessionTimeoutMs,
      rebalanceTimeout: terms.rebalanceTimeoutMs,
      heartbeatInterval: Math.ceil(terms.sessionTimeoutMs / 10),
      maxWaitTimeInMs: Math.min(maxWaitMs, Math.ceil(terms.sessionTimeoutMs / 10)),
      allowAutoTopicCreation: false,
      retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 5000, restartOnFailure: async () => !this.#closed },
    })
  }

  /** Resolves when the first assignment is there. Rejects if there is no such topic, or no broker. */
  static async join(handle: KafkajsHandle, terms: GroupTerms, listener: GroupListener): Promise<KafkajsGroup> {
    const group = new KafkajsGroup(handle, terms, listener)
    try {
      await group.#start(terms)
      return group
    } catch (error) {
      await group.close()
      throw cannotJoin(terms, error)
    }
  }

  pause({ topic, partition }: TopicPartition): void {
    this.#consumer.pause([{ topic, partitions: [partition] }])
  }

  resume({ topic, partition }: TopicPartition): void {
    this.#consumer.resume([{ topic, partitions: [partition] }])
  }

  async commit(positions: readonly (TopicPartition & { readonly offset: bigint })[]): Promise<void> {
    await this.#consumer.commitOffsets(positions.map((each) => ({ ...each, offset: String(each.offset) })))
  }

  async close(): Promise<void> {
    this.#closed = true
    await withinTime(this.#consumer.disconnect(), closeWithinMs).catch(() => undefined)
    this.#handle.destroy()
  }

  async #start({ topics, from }: GroupTerms): Promise<void> {
    const consumer = this.#consumer
    const joined = Promise.withResolvers<void>()
    consumer.on(consumer.events.GROUP_JOIN, ({ payload: { memberId, memberAssignment } }) => {
      const partitions = Object.entries(memberAssignment).flatMap(([topic, ofTopic]) =>
        ofTopic.map((partition) => ({ topic, partition })),
      )
      const continuous = memberId === this.#memberId
      this.#memberId = memberId
      this.#listener.assigned(partitions, continuous)
      joined.resolve()
    })
    consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
      if (restart || this.#closed) return
      joined.reject(error)
      this.#listener.failed(error)
    })
    await consumer.connect()
    await consumer.subscribe({ topics: [...topics], fromBeginning: from === 'earliest' })
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: batchesAtOnce,
      eachBatch: async ({ batch: { topic, partition, messages } }) => {
        this.#listener.received({ topic, partition }, messages.map(toRecord))
      },
    })
    await joined.promise
  }
}

function toRecord(message: {
  offset: string
  key: Buffer | null
  value: Buffer | null
  headers?: IHeaders
}): IncomingRecord {
  const { offset, key, value, headers = {} } = message
  return { offset: BigInt(offset), key, value, headers: toText(headers) }
}

/** Of a header that stands in a record several times, the last one counts. */
function toText(headers: IHeaders): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => {
    const last = Array.isArray(value) ? value.at(-1) : value
    return [name, last === undefined ? '' : String(last)]
  })
  return Object.fromEntries(entries)
}

function cannotJoin({ group, topics }: GroupTerms, error: unknown): PublishError {
  const { kind, message } = failureOf(error)
  const reason = kind === 'missing' ? `one of the topics ${topics.join(', ')} does not exist` : message
  return new PublishError('BROKER_UNAVAILABLE', `Group '${group}' cannot be joined: ${reason}`, error)
}
