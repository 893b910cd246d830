import type { Message } from '@waybill/core/contracts'
import { expect, test } from 'vitest'
import type { FromRelay, ToRelay } from '../src/pipe.ts'
import { pipePublisher } from '../src/pipe-publisher.ts'

function setup(send: (message: FromRelay) => Promise<void> = async () => undefined) {
  const sent: FromRelay[] = []
  let answer: (message: ToRelay) => void = () => undefined
  const publisher = pipePublisher({
    send: (message) => {
      sent.push(message)
      return send(message)
    },
    onMessage: (listener) => {
      answer = listener
    },
  })
  const controller = new AbortController()
  const publish = () => publisher.publish([message], { signal: controller.signal, timeoutMs: 1000 })
  return { publish, sent, answer: (message: ToRelay) => answer(message), controller }
}

const message: Message = {
  id: 'm1',
  topic: 'orders',
  type: 'order.placed',
  payload: new Uint8Array(),
  contentType: 'application/json',
  headers: {},
  schemaVersion: 1,
  createdAt: 0,
}

test('outcomes are those of the broker, call by call', async () => {
  const { publish, sent, answer } = setup()
  const first = publish()
  const second = publish()
  expect(sent).toEqual([
    { type: 'publish', call: 1, messages: [message] },
    { type: 'publish', call: 2, messages: [message] },
  ])
  answer({ type: 'outcomes', call: 2, outcomes: [{ type: 'not-sent' }] })
  answer({ type: 'outcomes', call: 1, outcomes: [{ type: 'accepted' }] })
  expect([await first, await second]).toEqual([[{ type: 'accepted' }], [{ type: 'not-sent' }]])
})

test('without an answer in time the outcome is unknown', async () => {
  const { publish, controller } = setup()
  const outcomes = publish()
  controller.abort(new Error('too late'))
  expect(await outcomes).toMatchObject([{ type: 'unknown', error: { code: 'BROKER_UNKNOWN' } }])
})

test('a closed pipe makes the broker unavailable', async () => {
  const { publish } = setup(() => Promise.reject(new Error('closed')))
  expect(await publish()).toMatchObject([
    { type: 'unavailable', scope: 'broker', error: { code: 'BROKER_UNAVAILABLE' } },
  ])
})
