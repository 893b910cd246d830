import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Message, PublishOutcome } from '@waybill/core/contracts'
import { expect, it, onTestFinished } from 'vitest'
import { startLogBroker } from '../src/broker/log/broker.ts'
import { logPublisher } from '../src/broker/log/publisher.ts'

async function setup() {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-log-broker-'))
  const broker = await startLogBroker({ folder })
  const publisher = logPublisher(broker.address, 'relay')
  onTestFinished(async () => {
    await publisher.close()
    await broker.stop()
    await rm(folder, { recursive: true })
  })
  const publish = (...ids: readonly string[]): Promise<readonly PublishOutcome[]> =>
    publisher.publish(ids.map(message), { signal: AbortSignal.timeout(5000), timeoutMs: 5000 })
  const ids = async () => (await broker.readLog()).map(({ id }) => id)
  return { folder, broker, publish, ids }
}

function message(id: string): Message {
  const payload = new TextEncoder().encode('{}')
  return {
    id,
    topic: 't',
    type: 'x',
    payload,
    contentType: 'application/json',
    headers: {},
    schemaVersion: 1,
    createdAt: 0,
  }
}

it('has in its log what it has accepted, in its order', async () => {
  const { broker, publish } = await setup()
  expect(await publish('a', 'b')).toEqual([{ type: 'accepted' }, { type: 'accepted' }])
  await publish('a')
  expect(await broker.readLog()).toMatchObject([
    { id: 'a', topic: 't', key: null, payload: '{}', relay: 'relay' },
    { id: 'b' },
    { id: 'a' },
  ])
})

it('keeps its log and its address when it is killed, and cuts off what was not written to its end', async () => {
  const { folder, broker, publish, ids } = await setup()
  await publish('a')
  await appendFile(join(folder, 'broker.jsonl'), '{"id":"to')
  await broker.restart()
  const [first] = await publish('b')
  // The connection to the broker that was killed may be found broken only now.
  if (first?.type !== 'accepted') await publish('b')
  expect(await ids()).toEqual(['a', 'b'])
})

it('cannot be reached once it has stopped', async () => {
  const { broker, publish } = await setup()
  await broker.stop()
  expect(await publish('a')).toMatchObject([{ type: 'unavailable', scope: 'broker' }])
})
