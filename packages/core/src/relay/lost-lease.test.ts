import { memoryPublisher, memoryStorage } from '@waybill/memory'
import { expect, test } from 'vitest'
import { type BrokerPublisher, PublishError, StorageError } from '../contracts/index.ts'
import { Outbox } from '../outbox/outbox.ts'
import { Relay } from './relay.ts'

test('a lease that is lost after the broker, with settlements that are given up, is told', async () => {
  const storage = memoryStorage()
  const outbox = new Outbox({ storage })
  await outbox.transaction(async (scope) => {
    for (const key of ['a', 'b']) await scope.enqueue('order.told', 1, { topic: 'orders', orderingKey: key })
  })
  const error = new PublishError('BROKER_UNAVAILABLE', 'It went away')
  const publisher: BrokerPublisher = {
    ...memoryPublisher(),
    publish: async (messages) =>
      messages.map((_, index) =>
        index === 0 ? { type: 'accepted' } : { type: 'unavailable', scope: 'broker', error },
      ),
  }
  const relay = new Relay({
    storage: {
      ...storage,
      settle: () => Promise.reject(new StorageError('STORAGE_UNAVAILABLE', 'on purpose')),
      renew: async () => ({ held: false }),
    },
    publisher,
    leaseMs: 300,
    publishTimeoutMs: 100,
  })
  const told: string[] = []
  relay.on('error', () => undefined)
  relay.on('leaseLost', () => told.push('leaseLost'))
  relay.on('brokerUnavailable', () => told.push('brokerUnavailable'))
  await relay.start()
  await expect.poll(() => told.slice(0, 2)).toEqual(['leaseLost', 'brokerUnavailable'])
  await relay.stop()
})
