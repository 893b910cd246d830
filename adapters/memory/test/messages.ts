import type { OutboxMessage } from '@waybill/core/contracts'

/** A message with just what a test does not care about. */
export function message(id: string, fields: Partial<OutboxMessage> = {}): OutboxMessage {
  return {
    id,
    topic: 'orders',
    type: 'order.placed',
    payload: new TextEncoder().encode(`{"id":"${id}"}`),
    contentType: 'application/json',
    headers: {},
    schemaVersion: 1,
    createdAt: 1000,
    ...fields,
  }
}

/** A clock that a test moves. */
export function manualClock(start = 1_000_000): { readonly now: () => number; advance(ms: number): void } {
  let time = start
  return {
    now: () => time,
    advance(ms) {
      time += ms
    },
  }
}
