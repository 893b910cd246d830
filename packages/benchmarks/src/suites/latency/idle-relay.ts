import { setTimeout as sleep } from 'node:timers/promises'
import { Relay } from '@waybill/core'
import { type Benchmark, type BenchSettings, type ServerStorage, scaled } from '../../harness/benchmark.ts'
import { type BenchResult, resultOf } from '../../harness/result.ts'
import type { OutboxDatabase } from '../../outbox/outbox-database.ts'
import { withOutbox } from '../../outbox/outboxes.ts'
import { acceptingPublisher } from '../../relaying/accepting-publisher.ts'

/** What a relay with nothing to do asks of the server, from its start on. */
export function idleRelay(storage: ServerStorage): Benchmark {
  return {
    suite: 'latency',
    storage,
    name: 'statements of an idle relay',
    run: (settings) => withOutbox(storage, settings, (outbox) => measure(outbox, settings)),
  }
}

async function measure(outbox: OutboxDatabase, settings: BenchSettings): Promise<BenchResult[]> {
  const seconds = scaled(settings, 30, 1)
  await using opened = outbox.openStorage({ keeps: true, wakeups: true })
  const relay = new Relay({ storage: opened.storage, publisher: acceptingPublisher() })
  await relay.start()
  const before = await outbox.statements()
  settings.progress(`${seconds} s of nothing`)
  await sleep(seconds * 1000)
  const after = await outbox.statements()
  await relay.stop()
  return [
    resultOf({
      name: `an idle relay, over ${seconds} s`,
      rate: (after.count - before.count) / seconds,
      unit: after.unit,
      target: { of: 'rate', atMost: 1 },
    }),
  ]
}
