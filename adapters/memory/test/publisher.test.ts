import type { PublishOutcome } from '@waybill/core/contracts'
import { describe, expect, it } from 'vitest'
import { type MemoryPublisherOptions, memoryBroker, memoryPublisher, type PublishScript } from '../src/index.ts'
import { manualTimer } from './manual-timer.ts'
import { message } from './messages.ts'

function setup(options: MemoryPublisherOptions = {}) {
  const time = manualTimer()
  const broker = memoryBroker({ timer: time.timer })
  const publisher = memoryPublisher({ broker, ...options })
  const abort = new AbortController()
  const publish = (...messages: Parameters<typeof message>[]) =>
    publisher.publish(
      messages.map((parameters) => message(...parameters)),
      { signal: abort.signal, timeoutMs: 1000 },
    )
  const script = (scripts: Readonly<Record<string, PublishScript>>) => {
    broker.onPublish = ({ id }) => scripts[id] ?? { type: 'accept' }
  }
  const arrived = () => broker.log.map((record) => record.message?.id)
  return { time, broker, publisher, abort, publish, script, arrived }
}

const types = (outcomes: readonly PublishOutcome[]) => outcomes.map((outcome) => outcome.type)

describe('publish', () => {
  it('appends what is accepted to the log, without its terms of delivery', async () => {
    const { broker, publisher, publish } = setup()
    expect(types(await publish(['a', { maxAttempts: 3, expiresAt: 5 }], ['b']))).toEqual(['accepted', 'accepted'])
    expect(publisher.published.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(broker.log[0]?.message).toEqual(message('a'))
    publisher.clear()
    expect(publisher.published).toEqual([])
    expect(broker.log).toHaveLength(2)
  })

  it('keeps a key in one partition', async () => {
    const { broker, publish } = setup()
    await publish(...['a', 'b', 'c'].map((id): [string, object] => [id, { orderingKey: 'k' }]))
    expect(new Set(broker.log.map((record) => record.partition)).size).toBe(1)
    expect(broker.log.map((record) => record.offset)).toEqual([0, 1, 2])
  })

  it.each<[PublishScript, Partial<PublishOutcome>, readonly string[]]>([
    [{ type: 'reject' }, { type: 'rejected', retryable: true }, ['c']],
    [{ type: 'reject', retryable: false }, { type: 'rejected', retryable: false }, ['c']],
    [{ type: 'unavailable', scope: 'topic' }, { type: 'unavailable', scope: 'topic' }, ['c']],
    [{ type: 'lose' }, { type: 'unknown' }, ['c']],
    [{ type: 'lose-reply' }, { type: 'unknown' }, ['a', 'c']],
  ])('%o stops its key and no other', async (faulty, outcome, log) => {
    const { publish, script, arrived } = setup()
    script({ a: faulty })
    const outcomes = await publish(['a', { orderingKey: 'k' }], ['b', { orderingKey: 'k' }], ['c'])
    expect(outcomes).toMatchObject([outcome, { type: 'not-sent' }, { type: 'accepted' }])
    expect(arrived()).toEqual(log)
  })

  it('lets later messages of a key overtake if it is not atomic per key', async () => {
    const { publish, script, arrived } = setup({ atomicPerKey: false })
    script({ a: { type: 'reject' } })
    expect(types(await publish(['a', { orderingKey: 'k' }], ['b', { orderingKey: 'k' }]))).toEqual([
      'rejected',
      'accepted',
    ])
    expect(arrived()).toEqual(['b'])
  })

  it('lets a message arrive late', async () => {
    const { publish, script, arrived, time, publisher } = setup()
    script({ a: { type: 'arrive-late', delayMs: 50 } })
    expect(types(await publish(['a'], ['b']))).toEqual(['unknown', 'accepted'])
    time.advance(50)
    expect(arrived()).toEqual(['b', 'a'])
    expect(publisher.published).toHaveLength(2)
  })

  it('hangs until the caller no longer waits; close waits for it', async () => {
    const { publish, script, abort, publisher } = setup()
    script({ a: { type: 'hang' } })
    const call = publish(['a'], ['b'])
    const ends: string[] = []
    const closing = publisher.close().then(() => ends.push('closed'))
    abort.abort()
    expect(types(await call)).toEqual(['unknown', 'accepted'])
    await closing
    expect(ends).toEqual(['closed'])
    expect(types(await publish(['c']))).toEqual(['unavailable'])
  })

  it('waits for a script that takes its time, no longer than the caller', async () => {
    const { publish, broker, abort, arrived } = setup()
    broker.onPublish = ({ id }) => (id === 'a' ? new Promise(() => undefined) : { type: 'accept' })
    const call = publish(['a'])
    abort.abort()
    expect(types(await call)).toEqual(['unknown'])
    expect(arrived()).toEqual([])
  })

  it('rejects with what a script throws', async () => {
    const { publish, broker } = setup()
    broker.onPublish = () => {
      throw new Error('out of order')
    }
    await expect(publish(['a'])).rejects.toThrow('out of order')
  })

  it('refuses what is too large, for good', async () => {
    const { publish } = setup({ maxMessageBytes: 20 })
    const payload = new Uint8Array(10)
    const outcomes = await publish(['a', { payload }], ['b', { payload, headers: { name: 'müller' } }])
    expect(outcomes).toMatchObject([{ type: 'accepted' }, { type: 'rejected', retryable: false }])
  })

  it('passes on readiness if it has one', () => {
    const readiness = { ready: () => true, onChange: () => () => undefined }
    expect(setup({ readiness }).publisher.readiness).toBe(readiness)
    expect('readiness' in setup().publisher).toBe(false)
  })
})
