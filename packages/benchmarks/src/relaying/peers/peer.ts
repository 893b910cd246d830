import type { PlainMessage } from '../../brokers/plain-message.ts'
import type { Publish } from '../loops-by-hand.ts'

/** Another library that moves messages out of PostgreSQL, in a database of its own. */
export interface Peer {
  readonly name: string
  /**
   * Makes its tables.
   *
   * @param url - Of an empty database, with `synchronous_commit = off` as the relay has it where it settles.
   */
  open(url: string): Promise<OpenPeer>
}

export interface OpenPeer extends AsyncDisposable {
  /** What was in its tables before is gone. */
  fill(messages: readonly PlainMessage[]): Promise<void>
  /** Publishes what waits and removes it, in no order, until it is disposed. */
  start(publish: Publish, onError: (error: Error) => void): Promise<AsyncDisposable>
}

/** As many as the relay has in a batch. */
export const batchSize = 500

/** A message as it stands in the tables of others. */
export type StoredMessage = Omit<PlainMessage, 'payload'> & { readonly payload: string }

export function toStored({ payload, ...message }: PlainMessage): StoredMessage {
  return { ...message, payload: payload.toString() }
}

export function fromStored({ payload, ...message }: StoredMessage): PlainMessage {
  return { ...message, payload: Buffer.from(payload) }
}

const rowsPerStatement = 1000

/** Writes messages in parts that one statement can take. */
export async function inParts(
  messages: readonly PlainMessage[],
  write: (part: readonly StoredMessage[]) => Promise<unknown>,
): Promise<void> {
  for (let first = 0; first < messages.length; first += rowsPerStatement)
    await write(messages.slice(first, first + rowsPerStatement).map(toStored))
}
