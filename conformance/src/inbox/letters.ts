import type { InboxBurial, InboxDeadLetter, Message } from '@waybill/core/contracts'
import type { Timeline } from '../eventually.ts'
import type { Letters } from './abilities.ts'

export const consumer = 'billing'

/** A delivery that is given up; in the scope `k` unless told otherwise. */
export function burial(key: string, fields: Partial<InboxBurial> = {}): InboxBurial {
  const message = letterMessage(key)
  return {
    receipt: { consumer, key },
    message,
    scope: 'orders\u0000k',
    raw: { body: message.payload, headers: { 'x-tenant': 'a' }, key: 'k' },
    source: { topic: 'orders', partition: '3', position: '42' },
    reason: 'attempts-exhausted',
    error: { code: 'HANDLER_FAILED', message: 'no' },
    attempts: 5,
    ...fields,
  }
}

/** A delivery that is no message. */
export function foreignBurial(key: string, fields: Partial<InboxBurial> = {}): InboxBurial {
  const { message: _message, scope: _scope, ...rest } = burial(key)
  return { ...rest, reason: 'unreadable', ...fields }
}

export function letterMessage(key: string, fields: Partial<Message> = {}): Message {
  return {
    id: key,
    topic: 'orders',
    type: 'order.placed',
    payload: new TextEncoder().encode(`{"key":"${key}"}`),
    contentType: 'application/json',
    headers: {},
    orderingKey: 'k',
    schemaVersion: 1,
    createdAt: 1_700_000_000_000,
    ...fields,
  }
}

export async function buryAll({ role }: Letters, keys: readonly string[]): Promise<void> {
  for (const key of keys) await role.bury(burial(key))
}

export function keysOf(letters: readonly Pick<InboxDeadLetter, 'receipt'>[]): readonly string[] {
  return letters.map(({ receipt }) => receipt.key)
}

export async function dueKeys({ role }: Letters, limit = 100): Promise<readonly string[]> {
  return keysOf((await role.due(consumer, limit)).letters)
}

/** Takes and commits. */
export function take({ role, runner }: Letters, key: string): Promise<boolean> {
  return runner.transaction((tx) => role.take(tx, { consumer, key }))
}

export async function only({ role }: Letters): Promise<InboxDeadLetter> {
  const [letter, ...others] = await role.list()
  if (letter === undefined || others.length > 0)
    throw new Error(`expected one letter, not ${keysOf(await role.list())}`)
  return letter
}

/** Lets time pass without looking. */
export function passed(time: Timeline, ms: number): Promise<void> {
  return time.throughout(ms, async () => undefined)
}
