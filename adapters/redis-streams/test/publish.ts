import type { BrokerPublisher, Message, PublishOutcome } from '@waybill/core/contracts'

/** A message with all that must be there. */
export function message(topic: string, fields: Partial<Message> = {}): Message {
  return {
    id: crypto.randomUUID(),
    topic,
    type: 'order.placed',
    payload: new TextEncoder().encode('{"total":1}'),
    contentType: 'application/json',
    headers: {},
    schemaVersion: 1,
    createdAt: 1_700_000_000_000,
    ...fields,
  }
}

/** One publish call, given up after `timeoutMs` as core would. */
export async function publish(
  publisher: BrokerPublisher,
  messages: readonly Message[],
  timeoutMs = 5000,
): Promise<readonly PublishOutcome[]> {
  return await publisher.publish(messages, { signal: AbortSignal.timeout(timeoutMs), timeoutMs })
}

/** Publishes what a test needs to be there, and fails if not all of it was accepted. */
export async function put(publisher: BrokerPublisher, messages: readonly Message[]): Promise<void> {
  const outcomes = await publish(publisher, messages, 15_000)
  const failed = outcomes.find(({ type }) => type !== 'accepted')
  if (failed !== undefined) throw new Error(`not accepted: ${failed.type} ${textOf(failed)}`)
}

export function typesOf(outcomes: readonly PublishOutcome[]): readonly string[] {
  return outcomes.map(({ type }) => type)
}

/** What an outcome says in words, its causes included. */
export function textOf(outcome: PublishOutcome | undefined): string {
  return outcome !== undefined && 'error' in outcome ? outcome.error.message : ''
}
