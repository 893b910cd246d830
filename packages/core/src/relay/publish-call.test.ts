import { describe, expect, test, vi } from 'vitest'
import { claimed } from '../../test/claimed.ts'
import { manualRuntime } from '../../test/manual-runtime.ts'
import type { BrokerPublisher, PublishOutcome } from '../contracts/index.ts'
import { publishCall } from './publish-call.ts'

const messages = ['a', 'b'].map((id) => claimed(id).message)

function setup(publish: BrokerPublisher['publish']) {
  const runtime = manualRuntime()
  const onError = vi.fn<(error: Error) => void>()
  const capabilities = { atomicPerKey: true, maxMessageBytes: 1000, maxBatchMessages: 10 }
  const publisher: BrokerPublisher = {
    specificationVersion: 'v1',
    name: 'test',
    capabilities,
    publish,
    close: async () => undefined,
  }
  return { runtime, onError, call: publishCall(messages, { publisher, timeoutMs: 100, runtime, onError }) }
}

describe('a publish call', () => {
  test('answers what the publisher answers', async () => {
    const error = new Error('no')
    const outcomes: PublishOutcome[] = [{ type: 'rejected', error, retryable: true }, { type: 'not-sent' }]
    const { call, runtime } = setup(async () => outcomes)
    expect(await call).toBe(outcomes)
    expect(runtime.timers).toBe(0)
  })

  test('a publisher that hangs has unknown outcomes after the time-out, and is told', async () => {
    const signals: AbortSignal[] = []
    const { call, runtime } = setup((_, options) => {
      signals.push(options.signal)
      return new Promise(() => undefined)
    })
    await runtime.advance(100)
    expect((await call).map(({ type }) => type)).toEqual(['unknown', 'unknown'])
    expect(signals[0]?.aborted).toBe(true)
  })

  test('a publisher that throws, at once or later, has unknown outcomes', async () => {
    for (const publish of [
      () => {
        throw new Error('at once')
      },
      async () => Promise.reject(new Error('later')),
    ]) {
      const { call, onError } = setup(publish)
      expect((await call).map(({ type }) => type)).toEqual(['unknown', 'unknown'])
      expect(onError).toHaveBeenCalledTimes(1)
    }
  })

  test.each([
    [
      ['accepted', 'not-sent'],
      ['accepted', 'unknown'],
    ],
    [
      ['not-sent', 'not-sent'],
      ['unknown', 'unknown'],
    ],
  ] as const)(
    '%s without a failure is a breach of contract: what was not sent is tried again',
    async (given, taken) => {
      const { call, onError } = setup(async () => given.map((type) => ({ type })))
      expect((await call).map(({ type }) => type)).toEqual(taken)
      expect(onError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'BROKER_CONTRACT' }))
    },
  )

  test.each([
    ['too few', [{ type: 'accepted' }]],
    ['too many', [{ type: 'accepted' }, { type: 'accepted' }, { type: 'accepted' }]],
    ['none', undefined],
    ['an unheard-of kind', [{ type: 'accepted' }, { type: 'fine' }]],
    ['empty', new Array<PublishOutcome>(2)],
    ['rejected without an error', [{ type: 'accepted' }, { type: 'rejected', retryable: false }]],
    ['rejected, for good or not,', [{ type: 'accepted' }, { type: 'rejected', error: new Error('no') }]],
    ['unavailable without an error', [{ type: 'accepted' }, { type: 'unavailable', scope: 'broker' }]],
    ['unavailable without a scope', [{ type: 'accepted' }, { type: 'unavailable', error: new Error('no') }]],
  ])('%s outcomes are a breach of contract: nothing counts as accepted', async (_, outcomes) => {
    const { call, onError } = setup(async () => outcomes as PublishOutcome[])
    expect((await call).map(({ type }) => type)).toEqual(['unknown', 'unknown'])
    expect(onError.mock.calls[0]?.[0]).toMatchObject({ code: 'BROKER_CONTRACT' })
  })
})
