import type { Message } from '@waybill/core/contracts'
import type { OutgoingRecord } from '../client/client.ts'
import { type MessageFormat, toHeaders } from '../mapping.ts'
import { partitionOf } from '../murmur2.ts'

/** A message on its way through one publish call. */
export interface Outgoing {
  /** Its place in the call. */
  readonly index: number
  readonly message: Message
  readonly topic: string
  readonly key: Buffer | null
  readonly value: Buffer
  readonly headers: Readonly<Record<string, string>>
  /** Payload and headers, in bytes: exact where it is close to the limit, else at most so much. */
  readonly bytes: number
}

/** Bytes of a record beside payload, key and headers, at most: lengths, offset and time. */
const overhead = 40
/** Bytes of a character in UTF-8, at most, for each unit of a string. */
const bytesPerUnit = 3

export function toOutgoing(
  message: Message,
  index: number,
  { topic, format, maxBytes }: { readonly topic: string; readonly format: MessageFormat; readonly maxBytes: number },
): Outgoing {
  const headers = toHeaders(message, format)
  const { payload, orderingKey } = message
  const value = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  const key = orderingKey === undefined ? null : Buffer.from(orderingKey)
  const atMost = value.length + bytesPerUnit * unitsOf(headers)
  const bytes = atMost > maxBytes ? value.length + bytesOf(headers) : atMost
  return { index, message, topic, key, value, headers, bytes }
}

/** The messages of one partition, in chunks that fit into a record batch. */
export interface Lane {
  readonly topic: string
  readonly partition: number
  readonly chunks: Outgoing[][]
}

/** Divides messages among the partitions of their topics, in their order. */
export function divide(
  messages: readonly Outgoing[],
  partitions: ReadonlyMap<string, number>,
  chunkBytes: number,
): readonly Lane[] {
  const topics = new Map<string, (FillingLane | undefined)[]>()
  for (const message of messages) {
    const { topic, key } = message
    // What decides is the ordering key, or the id where there is none: the same at each attempt.
    const partition = partitionOf(key ?? Buffer.from(message.message.id), partitions.get(topic) ?? 1)
    const lanes = topics.get(topic) ?? []
    if (lanes.length === 0) topics.set(topic, lanes)
    const lane = lanes[partition] ?? new FillingLane(topic, partition)
    lanes[partition] = lane
    lane.add(message, chunkBytes)
  }
  return [...topics.values()].flatMap((lanes) => lanes.filter((lane) => lane !== undefined))
}

/** What the client sends of a message. */
export function toRecord({ topic, key, value, headers }: Outgoing, partition: number): OutgoingRecord {
  return { topic, partition, key, value, headers }
}

class FillingLane implements Lane {
  readonly topic: string
  readonly partition: number
  readonly chunks: Outgoing[][] = []
  #bytes = Number.POSITIVE_INFINITY

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  add(message: Outgoing, chunkBytes: number): void {
    const size = message.bytes + (message.key?.length ?? 0) + overhead
    if (this.#bytes + size > chunkBytes) {
      this.chunks.push([message])
      this.#bytes = size
    } else {
      this.chunks.at(-1)?.push(message)
      this.#bytes += size
    }
  }
}

function unitsOf(headers: Readonly<Record<string, string>>): number {
  let units = 0
  for (const name in headers) units += name.length + (headers[name]?.length ?? 0)
  return units
}

function bytesOf(headers: Readonly<Record<string, string>>): number {
  let bytes = 0
  for (const name in headers) bytes += Buffer.byteLength(name) + Buffer.byteLength(headers[name] ?? '')
  return bytes
}
