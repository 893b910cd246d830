import type { ActiveSubscription, BrokerConsumer } from '@waybill/core/contracts'
import type { Actor } from '../scheduler/actor.ts'
import type { ConsumerGroup, Member } from './consumer-group.ts'

/** The broker's client in one consumer process. */
export interface GroupConsumer extends BrokerConsumer {
  /** The broker's view of this process, once it consumes. */
  readonly member: Member | null
}

export function groupConsumer(group: ConsumerGroup, actor: Actor): GroupConsumer {
  let member: Member | null = null
  return {
    specificationVersion: 'v1',
    name: `broker of ${actor.name}`,
    capabilities: { ordering: 'key', delayedRetry: true },
    get member() {
      return member
    },
    async consume({ maxInFlight }, handle) {
      await actor.step('subscribes')
      member = { actor, maxInFlight, handle, paused: false, inFlight: 0, inbound: [] }
      group.join(member)
      return subscription(group, member)
    },
    async close() {
      await actor.step('closes its consumer')
    },
  }
}

function subscription(group: ConsumerGroup, member: Member): ActiveSubscription {
  const closed = Promise.withResolvers<void>()
  return {
    closed: closed.promise,
    pause() {
      member.paused = true
    },
    resume() {
      member.paused = false
      group.deliver()
    },
    async [Symbol.asyncDispose]() {
      await member.actor.step('leaves the group')
      group.leave(member)
      closed.resolve()
    },
  }
}
