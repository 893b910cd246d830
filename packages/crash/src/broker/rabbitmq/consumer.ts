import { rabbitmqConsumer } from '@waybill/rabbitmq'
import type { ConsumerKind } from '../broker.ts'
import { queueOf } from './topology.ts'

/** Of the processes, one at a time is active on each queue; the others take over from it. */
export const rabbitmqConsumers: ConsumerKind = {
  plan: (consumers, topics) => ({
    shares: Array.from({ length: consumers }, () => [{ group: 'effects', topics, member: null }]),
    ordered: topics,
  }),
  open: ({ url }, _, onError) =>
    rabbitmqConsumer({ rabbitmq: { url }, queue: queueOf, singleActiveConsumer: true, onError }),
}
