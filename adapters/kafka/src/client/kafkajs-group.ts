import type { Consumer, ConsumerGroupJoinEvent, IHeaders, KafkaMessage } from 'kafkajs'
import { withinTime } from '../within-time.ts'
import { Assignments } from './assignments.ts'
import type { GroupLink, GroupListener, GroupTerms, IncomingRecord, TopicPartition } from './client.ts'
import type { KafkajsHandle } from './kafkajs.ts'
import { failureOf } from './kafkajs-failure.ts'
import { Pulse } from './pulse.ts'

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
  readonly #assignments = new Assignments()
  readonly #joined: PromiseWithResolvers<void> = Promise.withResolvers()
  readonly #pulse: Pulse
  #over = false

  private constructor(handle: KafkajsHandle, terms: GroupTerms, listener: GroupListener) {
    this.#handle = handle
    this.#listener = listener
    this.#pulse = new Pulse(terms.sessionTimeoutMs, () => this.#lose(new Error('the broker does not answer')))
    this.#consumer = handle.kafka.consumer({
      groupId: terms.group,
      sessionTimeout: terms.sessionTimeoutMs,
      rebalanceTimeout: terms.rebalanceTimeoutMs,
      heartbeatInterval: Math.ceil(terms.sessionTimeoutMs / 10),
      maxWaitTimeInMs: Math.min(maxWaitMs, Math.ceil(terms.sessionTimeoutMs / 10)),
      allowAutoTopicCreation: false,
      // A new membership is begun by us, with a client that holds nothing of the old one.
      retry: { restartOnFailure: async () => false },
    })
    // Whoever does not wait for it learns of the end as `lost`.
    this.#joined.promise.catch(() => undefined)
    this.#listen(terms.rebalanceTimeoutMs)
  }

  /** Resolves when the first assignment is there. */
  static async join(handle: KafkajsHandle, terms: GroupTerms, listener: GroupListener): Promise<KafkajsGroup> {
    const group = new KafkajsGroup(handle, terms, listener)
    try {
      await group.#start(terms)
      return group
    } catch (error) {
      await group.close()
      throw failureOf(error)
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
    this.#over = true
    this.#pulse.end()
    await withinTime(this.#consumer.disconnect(), closeWithinMs).catch(() => undefined)
    this.#handle.destroy()
  }

  #listen(rebalanceTimeoutMs: number): void {
    const { events } = this.#consumer
    this.#consumer.on(events.GROUP_JOIN, ({ payload }) => this.#assign(payload))
    this.#consumer.on(events.HEARTBEAT, () => this.#pulse.beat())
    this.#consumer.on(events.REBALANCING, () => this.#pulse.rebalancing(rebalanceTimeoutMs))
    this.#consumer.on(events.CRASH, ({ payload: { error } }) => this.#lose(error))
  }

  async #start({ topics, from }: GroupTerms): Promise<void> {
    await this.#consumer.connect()
    await this.#consumer.subscribe({ topics: [...topics], fromBeginning: from === 'earliest' })
    await this.#consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: batchesAtOnce,
      eachBatch: async ({ batch: { topic, partition, messages } }) => {
        if (!this.#over) this.#listener.received({ topic, partition }, messages.map(toRecord))
      },
    })
    await this.#joined.promise
  }

  #assign({ memberId, memberAssignment }: ConsumerGroupJoinEvent['payload']): void {
    if (this.#over) return
    this.#pulse.beat()
    const partitions = Object.entries(memberAssignment).flatMap(([topic, ofTopic]) =>
      ofTopic.map((partition) => ({ topic, partition })),
    )
    if (!this.#assignments.take(memberId, partitions)) {
      this.#lose(new Error('the group had given the member up'))
      return
    }
    this.#listener.assigned(partitions)
    this.#joined.resolve()
  }

  #lose(error: Error): void {
    if (this.#over) return
    this.#over = true
    this.#pulse.end()
    this.#joined.reject(error)
    this.#listener.lost(error)
  }
}

function toRecord({ offset, key, value, headers = {} }: KafkaMessage): IncomingRecord {
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
