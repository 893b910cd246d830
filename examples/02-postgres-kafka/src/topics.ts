import { Kafka, logLevel } from 'kafkajs'
import { kafka } from './config.ts'
import { messages } from './messages.ts'

// Topics are made by whoever runs Kafka, and not by services as they go: how many partitions they have decides how many
// processes can consume, and changing it later moves keys. Creating what is there already does nothing.

const admin = new Kafka({ brokers: kafka.brokers, logLevel: logLevel.ERROR }).admin()
await admin.connect()
try {
  const topics = new Set([...messages.definitions.values()].map(({ topic }) => kafka.topicOf(topic)))
  await admin.createTopics({ topics: [...topics].map((topic) => ({ topic, numPartitions: 4 })) })
  console.log(`topics: ${[...topics].join(', ')}`)
} finally {
  await admin.disconnect()
}
