import { type Message, orderingScope } from '@waybill/core/contracts'
import type { OutgoingRecord } from '../client/client.ts'
import { type MessageFormat, toHeaders } from '../mapping.ts'
import { partitionOf } from '../murmur2.ts'

/** A message on its way through one publish call. */
export interface Outgoing {
  /** Its place in the call. */
  readonly index: number
  readonly topic: string
  /** What its order is kept within. */
  readonly scope: string
  /** What decides about its partition: the ordering key, or its id if it has none. */
  readonly placement: Buffer
  readonly record: OutgoingRecord
  /** Payload and headers, in bytes. */
  readonly bytes: number
}

/** Bytes of a record beside payload, key and headers, at most: lengths, offset and time. */
const overhead = 40

export function toOutgoing(message: Message, index: number, topic: string, format: MessageFormat): Outgoing {
  const headers = toHeaders(message, format)
  const { payload, orderingKey } = message
  const value = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  const key = orderingKey === undefined ? null : Buffer.from(orderingKey)
  return {
    index,
    topic,
    scope: orderingScope(message),
    placement: key ?? Buffer.from(message.id),
    record: { key, value, headers },
    bytes: value.length + bytesOf(headers),
  }
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
  const lanes = new Map<string, Lane & { bytes: number }>()
  for (const message of messages) {
    const { topic, placement, record } = message
    const partition = partitionOf(placement, partitions.get(topic) ?? 1)
    const name = `${topic}/${partition}`
    const lane = lanes.get(name) ?? { topic, partition, chunks: [], bytes: 0 }
    lanes.set(name, lane)
    const size = message.bytes + (record.key?.length ?? 0) + overhead
    const last = lane.chunks.at(-1)
    if (last === undefined || lane.bytes + size > chunkBytes) {
      lane.chunks.push([message])
      lane.bytes = size
    } else {
      last.push(message)
      lane.bytes += size
    }
  }
  return [...lanes.values()]
}

function bytesOf(headers: Readonly<Record<string, string>>): number {
  let bytes = 0
  for (const name in headers) bytes += name.length + Buffer.byteLength(headers[name] ?? '')
  return bytes
}
