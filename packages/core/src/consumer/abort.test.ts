import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { linkAbort, linkSharedAbort } from './abort.ts'

describe.for([
  ['linkAbort', linkAbort],
  ['linkSharedAbort', linkSharedAbort],
] as const)('%s', ([, link]) => {
  it('fires with the reason of the first signal that does', () => {
    const [first, second] = [new AbortController(), new AbortController()]
    const linked = [link(first.signal, second.signal), link(first.signal, second.signal)]
    second.abort('second')
    first.abort('first')
    expect(linked.map(({ signal }) => signal.reason)).toEqual(['second', 'second'])
  })

  it('has fired if a signal has', () => {
    const followed = AbortSignal.abort('before')
    expect(link(followed).signal.reason).toBe('before')
    expect(link(followed).signal.reason).toBe('before')
  })

  it('does not fire once it has let go, and others do', () => {
    const followed = new AbortController()
    const [gone, stays] = [link(followed.signal), link(followed.signal)]
    gone.unlink()
    followed.abort()
    expect([gone, stays].map(({ signal }) => signal.aborted)).toEqual([false, true])
  })

  it('fires by itself, and what it follows does not', () => {
    const followed = new AbortController()
    const own = link(followed.signal)
    own.abort('own')
    expect(own.signal.reason).toBe('own')
    expect(followed.signal.aborted).toBe(false)
  })
})

it('has one listener on a shared signal, however many follow it', () => {
  const { signal } = new AbortController()
  const linked = Array.from({ length: 20 }, () => linkSharedAbort(signal))
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  for (const { unlink } of linked) unlink()
  linkSharedAbort(signal)
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
})
