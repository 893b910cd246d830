import type { KafkaFailure } from '../failure.ts'

/**
 * The seam: all that the publisher and the consumer need of a Kafka client. Retries, time-outs and order are decided on our
 * side of it, so that a client has few ways to get them wrong.
 */
export interface KafkaClient {
  /** The package's name, for errors. */
  readonly name: string
  /** Connects when it is first used. @param timeoutMs - How long the broker may wait for its followers. */
  openProducer(timeoutMs: number): ProducerLink
  /** Rejects with what it let go of: of a membership that does not come to stand, nothing is left in the group. */
  joinGroup(terms: GroupTerms, listener: GroupListener): Promise<GroupLink>
  /** The {@link settingNames} of topics, over a connection of its own. Rejects with a {@link KafkaFailure}. */
  readRetention(topics: readonly string[]): Promise<readonly TopicRetention[]>
}

/** What decides how long a topic keeps its records. */
export const settingNames = ['retention.ms', 'cleanup.policy'] as const

export interface TopicRetention {
  readonly topic: string
  readonly settings: ReadonlyMap<string, string>
}

/** A record as it goes out. */
export interface OutgoingRecord extends TopicPartition {
  readonly key: Buffer | null
  readonly value: Buffer
  readonly headers: Readonly<Record<string, string>>
}

/** The records of one partition in one call: the broker takes all of them or none. */
export interface RecordBatch {
  readonly topic: string
  readonly partition: number
  readonly records: readonly OutgoingRecord[]
}

/** `null`: durable on all replicas in sync. */
export type BatchOutcome = KafkaFailure | null

export interface TopicSettings {
  /** `-1`: the broker's default. */
  readonly partitions: number
  /** `-1`: the broker's default. */
  readonly replicationFactor: number
}

/** Connections for producing. Not used again after a failure that leaves anything open: a late answer dies with it. */
export interface ProducerLink {
  /** How many partitions a topic has. Rejects with a {@link KafkaFailure}, `missing` if there is no such topic. */
  partitionCount(topic: string): Promise<number>
  /** Succeeds if the topic is there already. */
  createTopic(topic: string, settings: TopicSettings): Promise<void>
  /**
   * Sends each batch once, without a retry, and waits for all replicas in sync. Answers one outcome for each batch, aligned
   * by index, and does not reject. At most one batch of a partition in a call.
   */
  send(batches: readonly RecordBatch[]): Promise<readonly BatchOutcome[]>
  /** Lets go of the connections, whatever state they are in. */
  close(): Promise<void>
}

/** A record as it comes in. */
export interface IncomingRecord {
  readonly offset: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, string>>
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface GroupTerms {
  readonly group: string
  readonly topics: readonly string[]
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  /** Where a group begins that has committed nothing. */
  readonly from: 'earliest' | 'latest'
}

/** What a member of a group is told. */
export interface GroupListener {
  /**
   * The group has divided its partitions anew, and these are ours. What was ours before and still is has been nobody else's
   * meanwhile; where a client cannot be sure of that, the membership is `lost`.
   */
  assigned(partitions: readonly TopicPartition[]): void
  /** In the partition's order; of a partition that is new to us, from what was committed on. */
  received(source: TopicPartition, records: readonly IncomingRecord[]): void
  /** The membership has ended (before `joinGroup` has resolved, that rejects, too), or the group has not heard of us for so long that it has ended it. Nothing comes after this. */
  lost(error: Error): void
}

/** Membership in a group. */
export interface GroupLink {
  /** Fetches no more of a partition until `resume`; what is on its way may still come. */
  pause(partition: TopicPartition): void
  resume(partition: TopicPartition): void
  /** Commits positions: the offset that is to be delivered next. */
  commit(positions: readonly (TopicPartition & { readonly offset: bigint })[]): Promise<void>
  /** Leaves the group and lets go of the connections. */
  close(): Promise<void>
}
