import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { BootstrapFailure } from '../bootstrap/failure.mjs'
import { withLock } from '../bootstrap/lock.mjs'

const quick = { heartbeatMs: 20, pollMs: 2, staleMs: 5_000, patienceMs: 10_000, onWait: () => undefined }

function setup(): { lock: string; leaveBehind: (owner: object | undefined, ageMs: number) => void } {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-lock-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const lock = join(folder, 'lock')
  return {
    lock,
    leaveBehind: (owner, ageMs) => {
      mkdirSync(lock)
      if (owner !== undefined) writeFileSync(join(lock, 'owner.json'), JSON.stringify(owner))
      const then = new Date(Date.now() - ageMs)
      utimesSync(lock, then, then)
    },
  }
}

describe('withLock', () => {
  it('lets one at a time work, however many come at once', async () => {
    const { lock } = setup()
    let inside = 0
    let most = 0
    const work = async (): Promise<void> => {
      inside += 1
      most = Math.max(most, inside)
      await new Promise(setImmediate)
      inside -= 1
    }
    await Promise.all(Array.from({ length: 20 }, () => withLock(lock, work, quick)))
    expect(most).toBe(1)
    expect(existsSync(lock)).toBe(false)
  })

  it('gives the lock back when the work fails', async () => {
    const { lock } = setup()
    const work = (): Promise<never> => Promise.reject(new Error('broken'))
    await expect(withLock(lock, work, quick)).rejects.toThrow('broken')
    expect(existsSync(lock)).toBe(false)
  })

  it('takes the lock of a process that is gone', async () => {
    const { lock, leaveBehind } = setup()
    leaveBehind({ token: 'old', pid: 2 ** 30, host: hostname() }, 0)
    expect(await withLock(lock, async () => 'done', quick)).toBe('done')
  })

  it.each([
    ['of another machine', { token: 'old', pid: process.pid, host: 'elsewhere' }],
    ['without an owner', undefined],
  ])('takes a lock %s once nobody has touched it for long', async (_title, owner) => {
    const { lock, leaveBehind } = setup()
    leaveBehind(owner, quick.staleMs * 2)
    expect(await withLock(lock, async () => 'done', quick)).toBe('done')
  })

  it('takes one stale lock away once, though many want it', async () => {
    const { lock, leaveBehind } = setup()
    leaveBehind({ token: 'old', pid: 2 ** 30, host: hostname() }, 0)
    const owners: string[] = []
    const work = async (): Promise<void> => {
      owners.push(readFileSync(join(lock, 'owner.json'), 'utf8'))
      await new Promise(setImmediate)
    }
    await Promise.all(Array.from({ length: 10 }, () => withLock(lock, work, quick)))
    expect(new Set(owners).size).toBe(10)
  })

  it('says once that it waits', async () => {
    const { lock } = setup()
    const told: string[] = []
    const work = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, quick.pollMs * 5))
    const waiting = { ...quick, onWait: () => told.push('waiting') }
    await Promise.all([withLock(lock, work, quick), withLock(lock, work, waiting)])
    expect(told).toEqual(['waiting'])
  })

  it('gives up with one message while a living process keeps the lock', async () => {
    const { lock, leaveBehind } = setup()
    leaveBehind({ token: 'other', pid: process.pid, host: hostname() }, 0)
    await expect(withLock(lock, async () => 'done', { ...quick, patienceMs: 20 })).rejects.toThrow(BootstrapFailure)
    expect(existsSync(lock)).toBe(true)
  })
})
