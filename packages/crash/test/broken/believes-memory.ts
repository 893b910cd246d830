import { redisStreamsPublisher } from '@waybill/redis-streams'
import { accessOf } from '../../src/broker/redis/access.ts'
import { stampedPublisher } from '../../src/broker/stamped-publisher.ts'
import { runRelay } from '../../src/relay/run-relay.ts'

// A relay to which a message is published when Redis has it in memory.

await runRelay(({ storage, publisher }, { broker, label }) => {
  void publisher.close()
  const redis = accessOf(broker.url)
  return {
    storage,
    publisher: stampedPublisher(redisStreamsPublisher({ redis, durability: 'memory', topology: 'create' }), label),
  }
})
