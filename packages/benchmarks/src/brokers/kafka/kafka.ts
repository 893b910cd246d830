import { type Admin, Kafka, logLevel } from 'kafkajs'
import { type BrokerKind, type Destination, newName } from '../broker.ts'
import { kafkajsRoute } from './kafkajs.ts'
import { platformaticRoute } from './platformatic.ts'

const partitions = 8
/** More than a sample writes: a run must not fill the disk. */
const configEntries = [
  { name: 'retention.bytes', value: String(2 ** 26) },
  { name: 'segment.bytes', value: String(2 ** 24) },
]

export const kafka: BrokerKind = {
  routes: [kafkajsRoute, platformaticRoute],
  async openDestination(url) {
    const admin = new Kafka({ brokers: [new URL(url).host], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    const name = newName()
    await admin.createTopics({
      topics: [{ topic: name, numPartitions: partitions, configEntries }],
      waitForLeaders: true,
    })
    return destinationAt(admin, { url, name })
  },
}

function destinationAt(admin: Admin, place: Destination['place']): Destination {
  const written = async () => {
    const offsets = await admin.fetchTopicOffsets(place.name)
    return offsets.reduce((sum, { high }) => sum + Number(high), 0)
  }
  let before = 0
  return {
    place,
    received: async () => (await written()) - before,
    async empty() {
      before = await written()
    },
    async [Symbol.asyncDispose]() {
      await admin.deleteTopics({ topics: [place.name] })
      await admin.disconnect()
    },
  }
}
