import {
  type BaseOptions,
  Consumer,
  type ConsumerGroupJoinPayload,
  type Message,
  type MessagesStream,
  stringDeserializer,
} from '@platformatic/kafka'
import { Assignments } from './assignments.ts'
import type { GroupLink, GroupListener, GroupTerms, IncomingRecord, TopicPartition } from './client.ts'
import { closeFor } from './platformatic-close.ts'
import { failureOf } from './platformatic-failure.ts'
import { Pulse } from './pulse.ts'

type ClientMessage = Message<Buffer, Buffer, string, string>

/** How long the broker may wait for records, in milliseconds. */
const maxWaitMs = 250
/** The broker's word for a position of which it is not known under which leader it was written. */
const unknownEpoch = -1

/** A member of a group by `@platformatic/kafka`. It pauses as a whole: while one partition is paused, none is fetched. */
export class PlatformaticGroup implements GroupLink {
  readonly #consumer: Consumer<Buffer, Buffer, string, string>
  readonly #listener: GroupListener
  readonly #assignments = new Assignments()
  readonly #paused = new Set<string>()
  readonly #pulse: Pulse
  #stream: MessagesStream<Buffer, Buffer, string, string> | undefined
  #over = false

  private constructor(base: BaseOptions, terms: GroupTerms, listener: GroupListener) {
    this.#listener = listener
    this.#pulse = new Pulse(terms.sessionTimeoutMs, () => this.#lose(new Error('the broker does not answer')))
    this.#consumer = new Consumer<Buffer, Buffer, string, string>({
      ...base,
      groupId: terms.group,
      sessionTimeout: terms.sessionTimeoutMs,
      rebalanceTimeout: terms.rebalanceTimeoutMs,
      heartbeatInterval: Math.ceil(terms.sessionTimeoutMs / 10),
      autocommit: false,
      minBytes: 1,
      maxWaitTime: maxWaitMs,
      deserializers: { headerKey: stringDeserializer, headerValue: stringDeserializer },
    })
  }

  /** Resolves when the first assignment is there. */
  static async join(base: BaseOptions, terms: GroupTerms, listener: GroupListener): Promise<PlatformaticGroup> {
    const group = new PlatformaticGroup(base, terms, listener)
    try {
      await group.#start(terms)
      return group
    } catch (error) {
      await group.close()
      throw failureOf(error)
    }
  }

  pause(source: TopicPartition): void {
    this.#paused.add(nameOf(source))
    this.#stream?.pause()
  }

  resume(source: TopicPartition): void {
    this.#paused.delete(nameOf(source))
    if (this.#paused.size === 0) this.#stream?.resume()
  }

  async commit(positions: readonly (TopicPartition & { readonly offset: bigint })[]): Promise<void> {
    await this.#consumer.commit({ offsets: positions.map((each) => ({ ...each, leaderEpoch: unknownEpoch })) })
  }

  async close(): Promise<void> {
    this.#over = true
    this.#pulse.end()
    const parts = [this.#consumer, ...(this.#stream === undefined ? [] : [this.#stream])]
    await closeFor(() => this.#consumer.close(true), parts)
  }

  async #start({ topics, from, rebalanceTimeoutMs }: GroupTerms): Promise<void> {
    // Without a listener, a rejoin that fails in the background would end the process.
    this.#consumer.on('error', (error: Error) => this.#lose(error))
    // Joining does not ask whether the topics are there.
    await this.#consumer.metadata({ topics: [...topics], forceUpdate: true })
    this.#consumer.on('consumer:group:join', (payload) => this.#assign(payload))
    this.#consumer.on('consumer:group:rebalance', () => this.#pulse.rebalancing(rebalanceTimeoutMs))
    this.#consumer.on('consumer:heartbeat:end', () => this.#pulse.beat())
    const stream = await this.#consumer.consume({ topics: [...topics], mode: 'committed', fallbackMode: from })
    this.#stream = stream
    stream.on('error', (error: Error) => this.#lose(error))
    stream.on('data', (message: ClientMessage) => this.#take(message))
    if (this.#paused.size > 0) stream.pause()
  }

  #assign({ memberId, assignments = [] }: ConsumerGroupJoinPayload): void {
    if (this.#over) return
    this.#pulse.beat()
    const partitions = assignments.flatMap(({ topic, partitions: ofTopic }) =>
      ofTopic.map((partition) => ({ topic, partition })),
    )
    if (!this.#assignments.take(memberId, partitions)) {
      this.#lose(new Error('the group had given the member up'))
      return
    }
    // What is no longer ours must not keep the rest from being fetched.
    const ours = new Set(partitions.map(nameOf))
    for (const name of this.#paused) if (!ours.has(name)) this.#paused.delete(name)
    if (this.#paused.size === 0) this.#stream?.resume()
    this.#listener.assigned(partitions)
  }

  #take({ topic, partition, offset, key, value, headers }: ClientMessage): void {
    if (this.#over) return
    const record: IncomingRecord = {
      offset,
      key: key ?? null,
      value: value ?? null,
      headers: Object.fromEntries(headers),
    }
    this.#listener.received({ topic, partition }, [record])
  }

  #lose(error: Error): void {
    if (this.#over) return
    this.#over = true
    this.#pulse.end()
    this.#listener.lost(error)
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}
