import { type Benchmark, type ServerStorage, scaled } from '../../harness/benchmark.ts'
import { contest } from '../../harness/contest.ts'
import { resultOf, thousands } from '../../harness/result.ts'
import type { OutboxDatabase } from '../../outbox/outbox-database.ts'
import { withOutbox } from '../../outbox/outboxes.ts'

const pending = 20_000
const request = { limit: 500, maxBytes: 2 ** 22, skipTopics: [], probeTopics: [] }

/** A relay starts, and knows nothing of where it was, in a table that is full of what has been published. */
export function keptHistory(storage: ServerStorage): Benchmark {
  return {
    suite: 'store',
    storage,
    name: 'first claim after a restart',
    run: (settings) =>
      withOutbox(storage, settings, async (outbox) => {
        const kept = scaled(settings, 10_000_000, 2000)
        settings.progress(`${thousands(kept)} rows are written`)
        await outbox.add({ count: kept, status: 'PUBLISHED', payloadBytes: 40 })
        await outbox.add({ count: pending })
        const restarted = { name: 'restarted', sample: () => firstClaimMs(outbox) }
        const result = await contest([restarted], settings)
        return [
          resultOf({
            name: `first claim after a restart, with ${thousands(kept)} kept rows`,
            rate: result.median(restarted.name),
            unit: 'ms',
            target: { of: 'rate', atMost: 50 },
          }),
        ]
      }),
  }
}

async function firstClaimMs(outbox: OutboxDatabase): Promise<number> {
  await using opened = outbox.openStorage({ keeps: true })
  const session = await opened.storage.join({ label: 'restarted', leaseMs: 30_000 })
  const startedAt = performance.now()
  const { messages } = await opened.storage.claim(session, request)
  const milliseconds = performance.now() - startedAt
  if (messages.length === 0) throw new Error('The first claim found nothing')
  await opened.storage.settle(
    session,
    messages.map(({ token }) => ({ type: 'release' as const, token })),
  )
  await opened.storage.leave(session)
  return milliseconds
}
