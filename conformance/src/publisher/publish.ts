import assert from 'node:assert/strict'
import type { Message, PublishOutcome } from '@waybill/core/contracts'
import { sample } from '../samples.ts'
import type { PublisherHarness } from './harness.ts'

/** One publish call with a generous timeout. */
export async function publish(
  { publisher }: PublisherHarness,
  messages: readonly Message[],
): Promise<readonly PublishOutcome[]> {
  return await publisher.publish(messages, { signal: new AbortController().signal, timeoutMs: 10_000 })
}

/** Publishes in calls as large as the publisher takes, and expects all to be accepted. */
export async function publishAll(harness: PublisherHarness, messages: readonly Message[]): Promise<void> {
  const size = harness.publisher.capabilities.maxBatchMessages
  for (let from = 0; from < messages.length; from += size) {
    const batch = messages.slice(from, from + size)
    const outcomes = await publish(harness, batch)
    assert.deepEqual(
      typesOf(outcomes),
      batch.map(() => 'accepted'),
      answersOf(outcomes),
    )
  }
}

export function typesOf(outcomes: readonly PublishOutcome[]): readonly string[] {
  return outcomes.map(({ type }) => type)
}

/** For failures: what it answered, and the reasons that it gave. */
export function answersOf(outcomes: readonly PublishOutcome[]): string {
  const answers = outcomes.map((outcome) =>
    'error' in outcome ? `${outcome.type} (${outcome.error.message})` : outcome.type,
  )
  const repeated = answers.filter((answer, index) => answer !== answers[index - 1])
  return `it answered ${repeated.join(', ')}`
}

/** Larger than the publisher says the broker takes. */
export function oversized({ publisher, topics }: PublisherHarness, label: string, orderingKey?: string): Message {
  const payload = new Uint8Array(publisher.capabilities.maxMessageBytes + 1)
  return sample(label, { topic: topics[0], payload, ...(orderingKey === undefined ? {} : { orderingKey }) })
}
