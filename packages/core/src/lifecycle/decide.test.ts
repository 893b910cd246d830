import { describe, expect, test } from 'vitest'
import { claimed } from '../../test/claimed.ts'
import { schedule } from '../backoff/schedule.ts'
import { PublishError } from '../contracts/index.ts'
import { type DeliveryPolicy, decideBeforePublishing, decideOutcome } from './decide.ts'

const policy: DeliveryPolicy = {
  retry: schedule([1000, 5000], { maxAttempts: 3 }),
  maxAttempts: 3,
  maxCrashes: 3,
  maxMessageBytes: 100,
  random: () => 0.5,
}
const error = new PublishError('BROKER_REJECTED', 'no')

describe('before publishing', () => {
  test('a message with nothing against it passes', () => {
    expect(decideBeforePublishing(claimed('a', {}, { crashes: 2 }), policy)).toBeNull()
  })

  test.each([
    ['expired', claimed('a', {}, { expired: true })],
    ['crashes', claimed('a', {}, { crashes: 3 })],
    ['oversized', claimed('a', { payload: new Uint8Array(101) })],
  ] as const)('%s ends it', (reason, message) => {
    expect(decideBeforePublishing(message, policy)).toMatchObject({ type: 'dead', reason, spendsAttempt: false })
  })
})

describe('an outcome', () => {
  test.each([
    ['accepted', { type: 'accepted' }, false, { type: 'published' }],
    ['not sent', { type: 'not-sent' }, false, { type: 'release' }],
    ['unavailable', { type: 'unavailable', scope: 'topic', error }, true, { type: 'release' }],
    ['rejected for now', { type: 'rejected', retryable: true, error }, false, { type: 'retry', spendsAttempt: true }],
    ['rejected for good', { type: 'rejected', retryable: false, error }, false, { type: 'dead', reason: 'rejected' }],
    ['unknown, destination in doubt', { type: 'unknown', error }, false, { type: 'retry', spendsAttempt: false }],
    ['unknown, destination works', { type: 'unknown', error }, true, { type: 'retry', spendsAttempt: true }],
  ] as const)('%s', (_, outcome, works, expected) => {
    expect(decideOutcome(claimed('a'), outcome, works, policy)).toMatchObject(expected)
  })

  test('the delay is that of the attempt', () => {
    const outcome = { type: 'rejected', retryable: true, error } as const
    expect(decideOutcome(claimed('a', {}, { attempt: 2 }), outcome, false, policy)).toMatchObject({ delayMs: 5000 })
  })

  test('the last attempt ends it, and only attempts that are spent count', () => {
    const last = claimed('a', {}, { attempt: 3 })
    const rejected = { type: 'rejected', retryable: true, error } as const
    expect(decideOutcome(last, rejected, false, policy)).toMatchObject({ type: 'dead', reason: 'attempts-exhausted' })
    expect(decideOutcome(last, { type: 'unknown', error }, false, policy)).toMatchObject({ type: 'retry' })
  })

  test("a message's own maxAttempts wins", () => {
    const rejected = { type: 'rejected', retryable: true, error } as const
    expect(decideOutcome(claimed('a', { maxAttempts: 1 }), rejected, false, policy)).toMatchObject({ type: 'dead' })
  })

  test('too large for the broker is its own reason', () => {
    const tooLarge = new PublishError('PAYLOAD_TOO_LARGE', 'too large')
    const outcome = { type: 'rejected', retryable: false, error: tooLarge } as const
    expect(decideOutcome(claimed('a'), outcome, false, policy)).toMatchObject({ type: 'dead', reason: 'oversized' })
  })
})
