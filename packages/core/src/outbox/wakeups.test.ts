import { expect, test } from 'vitest'
import { onWake, wakeRelays } from './wakeups.ts'

test('a wakeup reaches the listeners of its storage, and no others', () => {
  const storage = {}
  const heard: string[] = []
  onWake(storage, (kind) => heard.push(`first ${kind}`))
  onWake(storage, (kind) => heard.push(`second ${kind}`))
  onWake({}, (kind) => heard.push(`other ${kind}`))
  wakeRelays(storage, 'committed')
  wakeRelays({}, 'maybe-soon')
  expect(heard).toEqual(['first committed', 'second committed'])
})

test('a listener that was taken away hears nothing more, also when it goes during a wakeup', () => {
  const storage = {}
  const heard: string[] = []
  const stop = onWake(storage, (kind) => {
    heard.push(kind)
    stop()
  })
  wakeRelays(storage, 'maybe-soon')
  wakeRelays(storage, 'committed')
  expect(heard).toEqual(['maybe-soon'])
})
