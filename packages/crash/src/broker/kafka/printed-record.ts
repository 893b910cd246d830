import type { Acceptance } from '../broker.ts'
import { relayHeader } from '../stamped-publisher.ts'

/**
 * A line of Kafka's console consumer: time, partition, offset, headers, key and value with tabs between them. Our headers and
 * keys have no commas or tabs in them. Undefined for what else it prints.
 */
export function acceptanceOf(topic: string, line: string): Acceptance | undefined {
  const [time, partition, offset, headers, key, payload] = line.split('\t')
  const at = /^LogAppendTime:(\d+)$/.exec(time ?? '')?.[1]
  if (at === undefined || partition === undefined || offset === undefined || payload === undefined) return undefined
  const named = new Map((headers ?? '').split(',').map((header) => splitOnce(header)))
  return {
    id: named.get('waybill-id') ?? `without an id: ${topic}, ${partition}, ${offset}`,
    topic,
    key: key === undefined || key === 'null' ? null : key,
    payload,
    relay: named.get(relayHeader) ?? 'unknown',
    at: Number(at),
  }
}

function splitOnce(header: string): readonly [string, string] {
  const colon = header.indexOf(':')
  return [header.slice(0, colon), header.slice(colon + 1)]
}
