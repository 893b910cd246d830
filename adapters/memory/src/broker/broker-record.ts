import type { Message, OutboxMessage, RawDelivery } from '@waybill/core/contracts'

/** What arrived at the broker, at its place. */
export interface BrokerRecord {
  readonly topic: string
  readonly partition: number
  /** Place within the partition, from 0. */
  readonly offset: number
  readonly raw: RawDelivery
  /** Absent if another program wrote something that is no message of ours. */
  readonly message?: Message
}

/** A record that a consumer did not want to see again. */
export interface RejectedRecord {
  readonly record: BrokerRecord
  readonly group: string
  readonly reason: string
}

/** What travels of a message: its terms of delivery stay behind. */
export function travelling(message: OutboxMessage): Message {
  if ((message.availableAt ?? message.delayMs ?? message.expiresAt ?? message.maxAttempts) === undefined) return message
  const { availableAt, delayMs, expiresAt, maxAttempts, ...contents } = message
  return contents
}

/** The bytes and headers of a message as a consumer gets them undecoded. */
export function rawOf(message: Message): RawDelivery {
  return { body: message.payload, headers: message.headers, key: message.orderingKey ?? message.id }
}
