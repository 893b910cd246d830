import type { Delivery, RawDelivery } from '@waybill/core/contracts'
import { toMessage } from '../mapping.ts'
import type { PartitionLog, Taken } from './partition-log.ts'

const nothing = new Uint8Array()

/** A record as the consumer gets it. */
export function toDelivery(
  { source, signal }: PartitionLog,
  { record, deliveries, isEarly }: Taken,
  names: ReadonlyMap<string, string>,
): Delivery {
  const { key, value, headers, offset } = record
  const raw: RawDelivery = { body: value ?? nothing, headers, ...(key === null ? {} : { key: key.toString() }) }
  const message = toMessage(names.get(source.topic) ?? source.topic, raw)
  return {
    raw,
    ...(message === undefined ? {} : { message }),
    source: { topic: source.topic, partition: String(source.partition), position: String(offset) },
    // Kafka does not count deliveries: after a restart a record looks new.
    redelivered: deliveries > 1 || isEarly,
    signal,
  }
}
