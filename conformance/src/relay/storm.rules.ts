import assert from 'node:assert/strict'
import type { OutboxMessage } from '@waybill/core/contracts'
import type { Disruption } from '../disruption.ts'
import type { Timeline } from '../eventually.ts'
import { randomOf } from '../random.ts'
import { need, type Requirement, type Rule } from '../rule.ts'
import { interleaved, labelsOf } from '../samples.ts'
import { Crew, leaseMs } from './crew.ts'
import type { AnyRelayHarness } from './harness.ts'
import type { Decide } from './scripted-publisher.ts'

/** What a storm ends within, on a busy machine too, in milliseconds. */
const withinMs = 30_000

const disruption: Requirement<AnyRelayHarness, Disruption> = {
  name: 'disrupt (cutting relays off from the broker)',
  find: (harness) => harness.disrupt,
}

export const relayStormRules: readonly Rule<AnyRelayHarness>[] = [
  {
    id: 'relay/loses-nothing-while-the-broker-is-cut-off',
    level: 'fault',
    statement:
      'Relays whose broker is cut off while they publish MUST come back by themselves, lose nothing, end nothing DEAD, and keep the order of each key.',
    intent: 'A connection that ends after the write and before the reply: what was in flight is lost, or overtaken.',
    requires: [disruption],
    async verify(harness, { time }) {
      await using crew = new Crew(harness, time)
      const storage = (await harness.reopen?.()) ?? harness.storage
      const options = { batchSize: 10, publishTimeoutMs: 2000 }
      const relays = [await crew.start(options), await crew.start({ ...options, storage })]
      const messages = interleaved(['a', 'b', 'c', 'd', 'e'], 24, { topic: harness.topics[0] })
      await crew.enqueue(messages.slice(0, 60))
      await crew.published(1)
      await need(harness, disruption).cut()
      await crew.enqueue(messages.slice(60, 90))
      const calls = crew.publisher.calls.length
      const tried = async () => crew.publisher.calls.length > calls || undefined
      await time.eventually('a try at the broker', tried, { withinMs })
      await need(harness, disruption).restore()
      await crew.enqueue(messages.slice(90))
      await expectAllInOrder(crew, messages)
      for (const relay of relays) await crew.stop(relay)
    },
  },
  {
    id: 'relay/keeps-its-word-under-load',
    level: 'stress',
    statement:
      'Relays that are killed, join and meet rejections and lost answers at random MUST lose nothing, end nothing DEAD, and keep the order of each key.',
    intent: 'What holds for one failure at a time does not hold when they come together.',
    async verify(harness, { time, repetitions }) {
      for (let seed = 1; seed <= repetitions; seed++) await weather(harness, time, seed)
    },
  },
]

/** Three relays, one of which is killed in the middle, and a publisher with a bad day. */
async function weather(harness: AnyRelayHarness, time: Timeline, seed: number): Promise<void> {
  const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((key) => `s${seed}${key}`)
  const messages = interleaved(keys, 12, { topic: harness.topics[0] })
  await using crew = new Crew(harness, time, badDay(randomOf(seed)))
  const options = { batchSize: 12, leaseMs, retry: { maxAttempts: 1000, delayMs: () => 20 } }
  const killed = crew.mortalStorage()
  const storage = (await harness.reopen?.()) ?? harness.storage
  await crew.start({ ...options, storage: killed.value })
  const relays = [await crew.start({ ...options, storage })]
  for (let from = 0; from < messages.length; from += 24) {
    await crew.enqueue(messages.slice(from, from + 24))
    if (from !== 48) continue
    killed.cut()
    relays.push(await crew.start(options))
  }
  await expectAllInOrder(crew, messages)
  for (const relay of relays) await crew.stop(relay)
}

function badDay(random: () => number): Decide {
  return () => {
    const luck = random()
    if (luck < 0.08) return 'reject'
    if (luck < 0.14) return 'lose-answer'
    return luck < 0.18 ? 'unknown' : 'publish'
  }
}

/** Of a message that was published several times, the first time counts. */
async function expectAllInOrder(crew: Crew, messages: readonly OutboxMessage[]): Promise<void> {
  const { harness, time } = crew
  const settled = async () => {
    const { pending, processing } = await harness.storage.count()
    return pending + processing === 0 || undefined
  }
  await time.eventually('everything settled', settled, { withinMs })
  assert.deepEqual(await harness.storage.deadLetters.list(), [])
  const ids = new Set(messages.map(({ id }) => id))
  const read = (await harness.read(harness.topics[0])).filter(({ id }) => ids.has(id))
  for (const [key, ofKey] of Map.groupBy(messages, ({ orderingKey }) => orderingKey)) {
    const labels = labelsOf(read.filter(({ orderingKey }) => orderingKey === key))
    assert.deepEqual([...new Set(labels)], labelsOf(ofKey), `key ${key}`)
  }
}
