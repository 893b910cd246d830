import assert from 'node:assert/strict'
import type { Rule } from '../rule.ts'
import { labelOf, labelsOf, sample, samples } from '../samples.ts'
import { Crew, leaseMs } from './crew.ts'
import type { AnyRelayHarness } from './harness.ts'

/** What a killed process does not live to see. */
const never: Promise<void> = new Promise(() => undefined)

const dying = { leaseMs }

export const relayCrashRules: readonly Rule<AnyRelayHarness>[] = [
  {
    id: 'relay/no-loss-when-killed-after-publish',
    level: 'required',
    statement: 'No message MUST be lost, and no key reordered, when a relay is killed between publish and settle.',
    intent: 'The moment at which duplicates are unavoidable, and losses are not.',
    async verify(harness, { time }) {
      await using crew = new Crew(harness, time)
      const storage = crew.mortalStorage()
      const publisher = crew.publisherWith({ after: storage.cut })
      await crew.start({ ...dying, storage: storage.value, publisher })
      const messages = samples('k', 12, { topic: harness.topics[0], orderingKey: 'k' })
      await crew.enqueue(messages)
      await crew.published(1)
      const next = await crew.start(dying)
      await crew.settled()
      await crew.stop(next)
      assert.deepEqual([...new Set(labelsOf(await crew.published(12)))], labelsOf(messages))
    },
  },
  {
    id: 'relay/no-loss-when-killed-before-publish',
    level: 'required',
    statement:
      'No message MUST be lost when a relay is killed after it has marked a batch and before it has published it.',
    intent: 'Mark and then send is the oldest way to lose messages.',
    async verify(harness, { time }) {
      await using crew = new Crew(harness, time)
      const storage = crew.mortalStorage()
      const publisher = crew.publisherWith({
        before() {
          storage.cut()
          return never
        },
      })
      await crew.start({ ...dying, storage: storage.value, publisher })
      const messages = samples('m', 6, { topic: harness.topics[0] })
      await crew.enqueue(messages)
      const next = await crew.start(dying)
      const read = labelsOf(await crew.published(6))
      await crew.settled()
      await crew.stop(next)
      assert.deepEqual(read.toSorted(), labelsOf(messages))
    },
  },
  {
    id: 'relay/publishes-nothing-after-its-lease',
    level: 'required',
    statement:
      'A relay MUST NOT publish what it claimed under a lease that has ended, when it comes back from a pause.',
    intent: 'A relay that was paused for a minute publishes what its successor has published, over newer messages.',
    async verify(harness, { time }) {
      await using crew = new Crew(harness, time)
      const storage = crew.mortalStorage('markPublishing')
      const late: string[] = []
      const publisher = crew.publisherWith({ before: (messages) => void late.push(...labelsOf(messages)) })
      await crew.start({ ...dying, storage: storage.value, publisher })
      await crew.enqueue(samples('m', 6, { topic: harness.topics[0] }))
      const next = await crew.start({ leaseMs })
      await crew.published(6)
      await crew.settled()
      storage.mend()
      await time.throughout(300, async () => assert.deepEqual(late, []))
      await crew.stop(next)
    },
  },
  {
    id: 'relay/deadly-message-ends-dead',
    level: 'required',
    statement:
      'A message that ends the process whenever it is published MUST end DEAD after `maxCrashes`, and only it.',
    intent: 'One message keeps a fleet of relays restarting for ever; or its innocent neighbours die with it.',
    async verify(harness, { time }) {
      const topic = harness.topics[0]
      await using crew = new Crew(harness, time)
      const bomb = sample('bomb', { topic })
      await crew.enqueue([...samples('m', 3, { topic }), bomb])
      for (let life = 0; life < 2; life++) await liveUntil(crew, bomb.id)
      const last = await crew.start({ ...dying, maxCrashes: 1 })
      const letters = await crew.dead(1)
      await crew.settled()
      await crew.stop(last)
      assert.deepEqual(
        letters.map(({ message, reason }) => [labelOf(message), reason]),
        [['bomb', 'crashes']],
      )
      assert.deepEqual([...new Set(labelsOf(await crew.published(3)))].toSorted(), ['m1', 'm2', 'm3'])
    },
  },
]

/** A relay that is killed by the first publish call that holds the message. */
async function liveUntil(crew: Crew, id: string): Promise<void> {
  const storage = crew.mortalStorage()
  const killed = Promise.withResolvers<true>()
  const publisher = crew.publisherWith({
    before(messages) {
      if (!messages.some((message) => message.id === id)) return
      storage.cut()
      killed.resolve(true)
      return never
    },
  })
  await crew.start({ ...dying, maxCrashes: 1, storage: storage.value, publisher })
  await crew.time.eventually('the message to kill its relay', () => crew.time.within(20, killed.promise))
}
