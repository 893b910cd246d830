import { setImmediate as later } from 'node:timers/promises'
import type { Delivery, Disposition } from '@waybill/core/contracts'
import type { ConsumerMutation } from '../memory.ts'

type Handle = (delivery: Delivery) => Promise<Disposition>

const ack: Disposition = { type: 'ack' }

/** A mutant with something between the broker and the handler. */
function onDelivery(change: (handle: Handle, nth: () => number) => Handle): ConsumerMutation {
  return (consumer) => {
    let count = 0
    return {
      consume: (subscription, handle) =>
        consumer.consume(
          subscription,
          change(handle, () => ++count),
        ),
    }
  }
}

/** A mutant whose subscriptions end in another way. */
function onDisposal(dispose: (end: () => PromiseLike<void>) => Promise<void>): ConsumerMutation {
  return (consumer) => ({
    async consume(subscription, handle) {
      const active = await consumer.consume(subscription, handle)
      const end = active[Symbol.asyncDispose].bind(active)
      return Object.assign(active, { [Symbol.asyncDispose]: () => dispose(end) })
    },
  })
}

export const subscriptionsBeginWithTheLatest: ConsumerMutation = (consumer, broker) => ({
  consume(subscription, handle) {
    const before = new Set(broker.log.map(({ message }) => message?.id))
    return consumer.consume(subscription, async (delivery) =>
      before.has(delivery.message?.id) ? ack : handle(delivery),
    )
  },
})

export const payloadsAreConsumedAsText: ConsumerMutation = onDelivery((handle) => (delivery) => {
  if (delivery.message === undefined) return handle(delivery)
  const payload = new TextEncoder().encode(new TextDecoder().decode(delivery.message.payload))
  return handle({ ...delivery, message: { ...delivery.message, payload } })
})

export const everySecondDeliveryIsLate: ConsumerMutation = onDelivery((handle, nth) => async (delivery) => {
  if (nth() % 2 === 0) await later()
  return handle(delivery)
})

export const groupsAreOne: ConsumerMutation = (consumer) => ({
  consume: (subscription, handle) => consumer.consume({ ...subscription, group: 'all' }, handle),
})

let members = 0
export const everyMemberIsAGroup: ConsumerMutation = (consumer) => {
  const member = ++members
  return {
    consume: (subscription, handle) =>
      consumer.consume({ ...subscription, group: `${subscription.group}${member}` }, handle),
  }
}

export const foreignMessagesAreDropped: ConsumerMutation = onDelivery(
  (handle) => async (delivery) => (delivery.message === undefined ? ack : handle(delivery)),
)

export const newMembersBeginAgain: ConsumerMutation = (consumer, broker) => ({
  async consume(subscription, handle) {
    const active = await consumer.consume(subscription, handle)
    for (const { message } of [...broker.log]) if (message !== undefined) broker.redeliver(message.id)
    return active
  },
})

export const retryIsAck: ConsumerMutation = onDelivery((handle) => async (delivery) => {
  const disposition = await handle(delivery)
  return disposition.type === 'retry' ? ack : disposition
})

export const retryIsAtOnce: ConsumerMutation = onDelivery((handle) => async (delivery) => {
  const disposition = await handle(delivery)
  return disposition.type === 'retry' ? { type: 'retry', delayMs: 0 } : disposition
})

export const exceptionsAreAcks: ConsumerMutation = onDelivery((handle) => async (delivery) => {
  return handle(delivery).catch(() => ack)
})

export const rejectedMessagesComeBack: ConsumerMutation = onDelivery((handle) => async (delivery) => {
  const disposition = await handle(delivery)
  return disposition.type === 'reject' ? { type: 'retry', delayMs: 0 } : disposition
})

export const prefetchIsAcknowledgedSoon: ConsumerMutation = onDelivery(
  (handle) => (delivery) => Promise.race([handle(delivery), later(ack)]),
)

export const prefetchIsDoubled: ConsumerMutation = (consumer) => ({
  consume(subscription, handle) {
    return consumer.consume({ ...subscription, maxInFlight: subscription.maxInFlight * 2 }, handle)
  },
})

export const oneDeliveryAtATime: ConsumerMutation = (consumer) => ({
  consume: (subscription, handle) => consumer.consume({ ...subscription, maxInFlight: 1 }, handle),
})

export const pauseDoesNothing: ConsumerMutation = (consumer) => ({
  async consume(subscription, handle) {
    return Object.assign(await consumer.consume(subscription, handle), { pause: () => undefined })
  },
})

export const disposalDoesNotWait: ConsumerMutation = onDisposal(async (end) => void end())

export const disposalDoesNothing: ConsumerMutation = onDisposal(async () => undefined)

export const consumerClosesOnce: ConsumerMutation = (consumer) => {
  let closed = false
  return {
    async close() {
      if (closed) throw new Error('the connection has been closed')
      closed = true
      await consumer.close()
    },
  }
}

export const namelessConsumer: ConsumerMutation = () => ({ name: '' })
