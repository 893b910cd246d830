import { setTimeout as wait } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import { kafka } from './config.ts'
import { messages } from './messages.ts'

// Topics are made by whoever runs Kafka, and not by services as they go. Creating what is there already does nothing.

const admin = new Kafka({ brokers: kafka.brokers, logLevel: logLevel.ERROR }).admin()
await admin.connect()
try {
  const topics = [...messages.definitions.values()].map(({ topic }) => kafka.topicOf(topic))
  await admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions: 4 })), waitForLeaders: false })
  for (const topic of topics) await untilItHasLeaders(topic)
  console.log(`topics: ${topics.join(', ')}`)
} finally {
  await admin.disconnect()
}

/** A broker does not know at once that it leads a new topic, and kafkajs gives up when it says so. */
async function untilItHasLeaders(topic: string): Promise<void> {
  for (let attempts = 1; ; attempts++) {
    try {
      await admin.fetchTopicOffsets(topic)
      return
    } catch (error) {
      if (attempts === 100) throw error
      await wait(100)
    }
  }
}
