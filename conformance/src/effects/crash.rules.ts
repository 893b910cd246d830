import assert from 'node:assert/strict'
import { another, crash } from '../consumer/harness.ts'
import { crashMarks, deadLetters } from '../inbox/abilities.ts'
import { need, type Rule } from '../rule.ts'
import { sample } from '../samples.ts'
import type { AnyEffectsHarness } from './harness.ts'
import { longMs, never, type ProcessOptions, type ServiceProcess } from './process.ts'
import { Service } from './service.ts'

const requires = [deadLetters, crashMarks, another, crash]

/** What is between two crashes must not hide them. */
export const effectCrashRules: readonly Rule<AnyEffectsHarness>[] = [
  {
    id: 'effects/failures-hide-no-crash',
    level: 'required',
    statement:
      'A message that ends its process MUST be a dead letter after `maxCrashes` also if its handler fails in good order in between.',
    intent:
      'A handler that times out now and then starts afresh each time, and restarts a fleet of consumers for ever.',
    requires,
    async verify(harness, { time }) {
      await using service = new Service(harness, time)
      const bomb = await deliveredBefore(service, harness)
      // As a process left it that it has ended before.
      await need(harness, crashMarks).role.begin({ consumer: 'billing', key: bomb.id }, 'an earlier process')
      const killed = await service.start({
        maxCrashes: 3,
        async handle({ attempt, process }) {
          if (attempt === 1) throw new Error('not today')
          await service.kill(process)
          await never
        },
      })
      await service.until('the message to end its process', () => killed.life.isOver)
      await expectBurial(service, { maxCrashes: 2 })
    },
  },
  {
    id: 'effects/overdue-handler-keeps-its-mark',
    level: 'required',
    statement:
      'A handler that was given up for its time and still ran when its process ended MUST count as a crash of its message.',
    intent:
      'A handler that needs more memory with each second is given up after thirty, and ends the process after forty.',
    requires,
    async verify(harness, { time }) {
      await using service = new Service(harness, time)
      await deliveredBefore(service, harness)
      const killed = await service.start({
        handlerTimeoutMs: 100,
        retry: { maxAttempts: 3, delayMs: () => longMs },
        handle: () => never,
      })
      let isGivenUp = false
      killed.consumer.on('retry', () => {
        isGivenUp = true
      })
      await service.until('the handler to be given up', () => isGivenUp)
      await service.kill(killed)
      await expectBurial(service, { maxCrashes: 1 })
    },
  },
]

/** First deliveries leave no mark: one process gives the message back, so that it comes again. */
async function deliveredBefore(service: Service, harness: AnyEffectsHarness) {
  const bomb = sample('bomb', { topic: harness.topics[0] })
  const gentle = await service.startAnother({
    shutdownTimeoutMs: 5000,
    retry: { maxAttempts: 3, delayMs: () => longMs },
    handle: () => Promise.reject(new Error('not here')),
  })
  await service.publish([bomb])
  await service.until('its first delivery', () => gentle.runs.length > 0)
  await service.stop(gentle)
  return bomb
}

async function expectBurial(service: Service, options: ProcessOptions): Promise<void> {
  const survivor: ServiceProcess = await service.startAnother(options)
  const [letter] = await service.letters(1)
  assert.equal(letter?.reason, 'crashes')
  assert.deepEqual(survivor.runs, [], 'it was begun once more')
}
