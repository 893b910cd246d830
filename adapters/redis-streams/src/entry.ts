import type { Message, RawDelivery } from '@waybill/core/contracts'
import { decodeMessage, rawOf } from './mapping.ts'

/** An entry of a stream that this consumer has in hand. */
export interface Entry {
  readonly stream: string
  readonly topic: string
  readonly id: string
  /** Sorts entries of a stream as Redis does. */
  readonly place: string
  readonly raw: RawDelivery
  readonly message?: Message
  /** How often it has been delivered, this time included. */
  readonly deliveryCount: number
}

/** What Redis answers for an entry; without fields: it was removed from the stream before it was acknowledged. */
export type RawEntry = readonly [id: Buffer, fields: readonly Buffer[] | null]

/** So that somebody who sees it knows what has happened to the message. */
const removedField = 'waybill-removed'

export function toEntry(from: { stream: string; topic: string }, [id, fields]: RawEntry, deliveryCount: number): Entry {
  const text = id.toString()
  const removed: RawDelivery = { body: new Uint8Array(), headers: { [removedField]: 'before it was acknowledged' } }
  const raw = fields === null ? removed : rawOf(fields)
  const message = fields === null ? undefined : decodeMessage(from.topic, raw)
  return { ...from, id: text, place: placeOf(text), raw, deliveryCount, ...(message === undefined ? {} : { message }) }
}

/** What is kept in order: messages of one topic with one key. Anything without a key is its own. */
export function scopeOf({ topic, id, raw, message }: Entry): string {
  return `${topic}\u0000${raw.key ?? message?.id ?? id}`
}

/** Identifies an entry among those of all streams. */
export function handleOf({ stream, id }: Pick<Entry, 'stream' | 'id'>): string {
  return `${id} ${stream}`
}

/** Both parts of an id are 64-bit numbers. */
function placeOf(id: string): string {
  const [ms = '', sequence = ''] = id.split('-')
  return `${ms.padStart(20, '0')}-${sequence.padStart(20, '0')}`
}
