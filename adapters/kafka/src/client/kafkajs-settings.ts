import kafkajs from 'kafkajs'
import { settingNames, type TopicRetention } from './client.ts'
import type { KafkajsHandle } from './kafkajs.ts'
import { failureOf } from './kafkajs-failure.ts'

/** Asks by kafkajs how long topics keep their records. */
export async function readKafkajsRetention(
  handle: KafkajsHandle,
  topics: readonly string[],
): Promise<readonly TopicRetention[]> {
  const admin = handle.kafka.admin()
  try {
    await admin.connect()
    const query = topics.map((name) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name,
      configNames: [...settingNames],
    }))
    const { resources } = await admin.describeConfigs({ resources: query, includeSynonyms: false })
    return resources.map(({ resourceName, configEntries }) => ({
      topic: resourceName,
      settings: new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    }))
  } catch (error) {
    throw failureOf(error)
  } finally {
    handle.destroy()
  }
}
