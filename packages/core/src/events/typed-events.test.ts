import { afterEach, expect, test, vi } from 'vitest'
import { TypedEvents } from './typed-events.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

test.each([
  [
    'throws',
    () => {
      throw new Error('on purpose')
    },
  ],
  ['rejects', () => Promise.reject(new Error('on purpose'))],
])('a listener that %s is told on stderr, and the others hear the event', async (_, listener: () => void) => {
  const printed = vi.spyOn(console, 'error').mockReturnValue()
  const events = new TypedEvents<{ readonly error: Error; readonly done: number }>('Subject')
  const heard: number[] = []
  events.on('done', listener)
  events.on('done', (event) => heard.push(event))
  events.emit('done', 7)
  expect(heard).toEqual([7])
  await vi.waitFor(() => expect(printed).toHaveBeenCalledWith('Subject:', new Error('on purpose')))
})

test('what has words goes to stderr in them until somebody listens', () => {
  const printed = vi.spyOn(console, 'error').mockReturnValue()
  const events = new TypedEvents<{ readonly error: Error; readonly down: string; readonly done: number }>('Subject', {
    down: (what) => `${what} is down`,
  })
  events.emit('done', 7)
  events.emit('down', 'it')
  expect(printed.mock.calls).toEqual([['Subject:', 'it is down']])
  const stop = events.on('down', () => undefined)
  events.emit('down', 'it')
  stop()
  events.emit('down', 'all')
  expect(printed.mock.calls).toEqual([
    ['Subject:', 'it is down'],
    ['Subject:', 'all is down'],
  ])
})
