import { kafkaConsumer } from '@waybill/kafka'
import type { ConsumerKind } from '../broker.ts'

/** All processes are members of one group, and share the partitions of every topic. */
export const kafkaConsumers: ConsumerKind = {
  plan: (consumers, topics) => ({
    shares: Array.from({ length: consumers }, () => [{ group: 'effects', topics, member: null }]),
    ordered: topics,
  }),
  // Shorter than the default of 30 s: a run cannot wait so long for each kill, and shorter than some processes are frozen.
  open: ({ url }) =>
    kafkaConsumer({ brokers: [new URL(url).host], sessionTimeoutMs: 2000, rebalanceTimeoutMs: 10_000 }),
}
