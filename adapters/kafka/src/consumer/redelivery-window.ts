import type { TopicRetention } from '../client/client.ts'

/**
 * How long a topic may still hand out a record: `retention.ms`, for ever with -1 or where compaction alone removes records.
 * `null` if the broker does not say. Kafka removes whole segments: what is old may stay a little longer than that.
 */
export function redeliveryWindow(topics: readonly TopicRetention[]): number | null {
  const windows = topics.map(({ settings }) => {
    const policies = (settings.get('cleanup.policy') ?? 'delete').split(',').map((policy) => policy.trim())
    if (!policies.includes('delete')) return Number.POSITIVE_INFINITY
    const retention = settings.get('retention.ms')
    if (retention === undefined || !/^-?\d+$/.test(retention)) return null
    return Number(retention) < 0 ? Number.POSITIVE_INFINITY : Number(retention)
  })
  const known = windows.flatMap((window) => window ?? [])
  return known.length < topics.length || known.length === 0 ? null : Math.max(...known)
}
