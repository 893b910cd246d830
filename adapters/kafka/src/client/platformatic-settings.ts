import { Admin, type BaseOptions, ConfigResourceTypes } from '@platformatic/kafka'
import { settingNames, type TopicRetention } from './client.ts'
import { closeFor } from './platformatic-close.ts'
import { failureOf } from './platformatic-failure.ts'

/** Asks by `@platformatic/kafka` how long topics keep their records. */
export async function readPlatformaticRetention(
  options: BaseOptions,
  topics: readonly string[],
): Promise<readonly TopicRetention[]> {
  const admin = new Admin(options)
  try {
    const resourceType = ConfigResourceTypes.TOPIC
    const configurationKeys = [...settingNames]
    const resources = topics.map((resourceName) => ({ resourceType, resourceName, configurationKeys }))
    const described = await admin.describeConfigs({ resources })
    return described.map(({ resourceName, configs }) => ({
      topic: resourceName,
      settings: new Map(configs.map(({ name, value }) => [name, value ?? ''])),
    }))
  } catch (error) {
    throw failureOf(error)
  } finally {
    await closeFor(() => admin.close(), [admin])
  }
}
