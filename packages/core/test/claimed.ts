import type { ClaimedMessage, OutboxMessage } from '../src/contracts/index.ts'

/** A claimed message, of key `id` in topic `orders` unless told otherwise. */
export function claimed(
  id: string,
  message: Partial<OutboxMessage> = {},
  claim: Partial<ClaimedMessage> = {},
): ClaimedMessage {
  const base = {
    id,
    topic: 'orders',
    type: 'order.placed',
    payload: new Uint8Array(10),
    contentType: 'application/json',
  }
  return {
    message: { ...base, headers: {}, schemaVersion: 1, createdAt: 0, ...message },
    token: { id },
    attempt: 1,
    crashes: 0,
    suspect: false,
    expired: false,
    ...claim,
  }
}
