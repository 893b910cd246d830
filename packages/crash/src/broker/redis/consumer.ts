import { redisStreamsConsumer } from '@waybill/redis-streams'
import type { ConsumerKind, Share } from '../broker.ts'
import { accessOf } from './access.ts'

/** Shorter than some processes are frozen: others take over what they have in hand. */
const abandonedAfterMs = 2000

/**
 * Redis keeps the order of a stream for one consumer, under a name that outlives the process: the topics are divided among the
 * processes. The last topic is for all of them, without order, so that there is something to take over.
 */
export const redisConsumers: ConsumerKind = {
  plan(consumers, topics) {
    const group = 'effects'
    const ordered = consumers === 1 ? topics : topics.slice(0, -1)
    const shared = topics.slice(ordered.length)
    const shares = Array.from({ length: consumers }, (_, process) => {
      const own = ordered.filter((_, index) => index % consumers === process)
      const all: readonly Share[] = [
        { group, topics: own, member: `process-${process + 1}` },
        { group, topics: shared, member: null },
      ]
      return all.filter((share) => share.topics.length > 0)
    })
    return { shares, ordered }
  },
  open: ({ url }, { member }, onError) =>
    redisStreamsConsumer({
      redis: accessOf(url),
      onError,
      ...(member === null ? { abandonedAfterMs } : { consumerName: member }),
    }),
}
