import { expect, test } from 'vitest'
import { TypedEvents } from './typed-events.ts'

interface Events {
  readonly error: { readonly error: Error }
  readonly done: { readonly count: number }
}

function setup() {
  const reported: string[] = []
  const events = new TypedEvents<Events>('Relay', (text) => reported.push(text))
  return { events, reported }
}

test('listeners get the events of their name, in order, until they are taken away', () => {
  const { events, reported } = setup()
  const heard: string[] = []
  const stop = events.on('done', ({ count }) => heard.push(`first ${count}`))
  events.on('done', ({ count }) => heard.push(`second ${count}`))
  events.emit('done', { count: 1 })
  stop()
  events.emit('done', { count: 2 })
  expect(heard).toEqual(['first 1', 'second 1', 'second 2'])
  expect(reported).toEqual([])
})

test('an error without a listener is reported, with one it is not', () => {
  const { events, reported } = setup()
  events.emit('error', { error: new Error('lost?', { cause: new Error('deep down') }) })
  expect(reported).toHaveLength(1)
  expect(reported[0]).toMatch(/^Relay: Error: lost\?[\s\S]*deep down/)
  const stop = events.on('error', () => undefined)
  events.emit('error', { error: new Error('heard') })
  expect(reported).toHaveLength(1)
  stop()
  events.emit('error', { error: new Error('lost again?') })
  expect(reported).toHaveLength(2)
})

test('a listener that throws is reported and keeps nothing from the others', () => {
  const { events, reported } = setup()
  let heard = 0
  events.on('done', () => {
    throw new Error('mine')
  })
  events.on('done', ({ count }) => {
    heard = count
  })
  events.emit('done', { count: 3 })
  expect(heard).toBe(3)
  expect(reported[0]).toMatch(/^Relay: a listener of 'done' threw: Error: mine/)
})
