import { StorageError } from '@waybill/core/contracts'
import { describe, expect, it } from 'vitest'
import { type Synchronous, type Write, type WriteAccess, WriteQueue } from '../src/write-queue.ts'

/** Notes what is committed, and fails as told. */
class Commits implements WriteAccess {
  readonly log: string[] = []
  failure: { readonly of: 'gap' | 'transaction'; readonly error: Error } | null = null

  async leaveGap(): Promise<void> {
    if (this.failure?.of === 'gap') throw this.failure.error
  }

  async alone<T>(synchronous: Synchronous, attempt: () => T): Promise<T> {
    const result = attempt()
    this.log.push(`alone, ${synchronous}: ${result}`)
    return result
  }

  async inTransaction<T>(synchronous: Synchronous, attempt: () => T): Promise<T> {
    if (this.failure?.of === 'transaction') throw this.failure.error
    const result = attempt()
    this.log.push(`together, ${synchronous}: ${result}`)
    return result
  }
}

function setup(): { readonly commits: Commits; readonly queue: WriteQueue } {
  const commits = new Commits()
  return { commits, queue: new WriteQueue(commits) }
}

function write(name: string, options: Partial<Write<string>> = {}): Write<string> {
  return { attempt: () => name, synchronous: 'normal', alone: false, ...options }
}

function failing(): Write<string> {
  return write('fails', {
    attempt() {
      throw new Error('refused')
    },
  })
}

describe('a queue of writes', () => {
  it('lets those share a commit that come in one turn, as durable as the strictest of them asks', async () => {
    const { commits, queue } = setup()
    const both = [queue.add(write('settle')), queue.add(write('mark', { synchronous: 'full' }))]
    expect(await Promise.all(both)).toEqual(['settle', 'mark'])
    await queue.add(write('later'))
    expect(commits.log).toEqual(['together, full: settle,mark', 'alone, normal: later'])
  })

  it('keeps their order around one that brings its own transaction', async () => {
    const { commits, queue } = setup()
    const own = write('own', { alone: true, synchronous: 'full' })
    await Promise.all([write('a'), write('b'), own, write('c'), write('d')].map((each) => queue.add(each)))
    expect(commits.log).toEqual(['together, normal: a,b', 'alone, full: own', 'together, normal: c,d'])
  })

  it('tries each for itself when one of them fails', async () => {
    const { commits, queue } = setup()
    const results = await Promise.allSettled([write('a'), failing(), write('b')].map((each) => queue.add(each)))
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(commits.log).toEqual(['alone, normal: a', 'alone, normal: b'])
  })

  it('does not wait for the lock once more for each when it stayed locked for all', async () => {
    const { commits, queue } = setup()
    const error = new StorageError('STORAGE_LOCKED', 'Somebody has it')
    commits.failure = { of: 'transaction', error }
    const results = await Promise.allSettled([write('a'), write('b')].map((each) => queue.add(each)))
    expect(results).toEqual(Array(2).fill({ status: 'rejected', reason: error }))
    expect(commits.log).toEqual([])
  })

  it('answers everybody when the connection is gone, and goes on', async () => {
    const { commits, queue } = setup()
    commits.failure = { of: 'gap', error: new Error('closed') }
    const results = await Promise.allSettled([write('a'), write('b')].map((each) => queue.add(each)))
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected'])
    commits.failure = null
    expect(await queue.add(write('c'))).toBe('c')
  })

  it('leaves a turn to the event loop before each commit', async () => {
    const { queue } = setup()
    let turns = 0
    const count = () => {
      turns++
      next = setImmediate(count)
    }
    let next = setImmediate(count)
    for (let round = 0; round < 50; round++) await queue.add(write('a'))
    clearImmediate(next)
    expect(turns).toBeGreaterThanOrEqual(49)
  })
})
