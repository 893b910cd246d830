import type { Delivery, InboxBurial, Message } from '../contracts/index.ts'
import { sha256 } from '../runtime/sha256.ts'

/** What has no id is told apart by its contents: one that is delivered again is the same dead letter. */
export async function contentsKey({ raw, source }: Pick<Delivery, 'raw' | 'source'>): Promise<string> {
  const facts = JSON.stringify([source.topic, raw.key ?? null, Object.entries(raw.headers).sort()])
  return `raw:${await sha256(new TextEncoder().encode(facts), raw.body)}`
}

/** A dead letter as it is published to a topic of dead letters. */
export function toMessage(burial: InboxBurial, topic: string, now: number): Message {
  const { receipt, message, raw, source, reason, error } = burial
  const headers = {
    'dead-letter-reason': reason,
    'dead-letter-error': `${error.code}: ${error.message}`,
    'dead-letter-consumer': receipt.consumer,
    'dead-letter-topic': source.topic,
  }
  if (message !== undefined) return { ...message, topic, headers: { ...message.headers, ...headers } }
  return {
    id: receipt.key,
    topic,
    type: 'dead-letter.unreadable',
    payload: raw.body,
    contentType: 'application/octet-stream',
    headers,
    ...(raw.key !== undefined && raw.key !== '' && { orderingKey: raw.key }),
    schemaVersion: 1,
    createdAt: now,
  }
}
