import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ServerUnavailableError } from '../unavailable.ts'
import { failingOnce, forgetEndedRuns } from './failures.ts'
import { keptRun, newRun, runVariable } from './run.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

function failing(): () => Promise<never> {
  return vi.fn(() => Promise.reject(new ServerUnavailableError('no registry answers')))
}

describe('failingOnce', () => {
  it('fails with the first reason without trying again, in one run only', async () => {
    const name = randomUUID()
    vi.stubEnv(runVariable, newRun(process.pid))
    await expect(failingOnce(name, failing())).rejects.toThrow('no registry answers')
    const again = failing()
    await expect(failingOnce(name, again)).rejects.toThrow('no registry answers')
    expect(again).not.toHaveBeenCalled()
    vi.stubEnv(runVariable, newRun(process.pid))
    expect(await failingOnce(name, async () => 'pulled')).toBe('pulled')
  })

  it('remembers nothing for servers that people start', async () => {
    const name = randomUUID()
    vi.stubEnv(runVariable, keptRun)
    await expect(failingOnce(name, failing())).rejects.toThrow()
    expect(await failingOnce(name, async () => 'pulled')).toBe('pulled')
  })

  it('remembers no mistake of our own', async () => {
    const name = randomUUID()
    vi.stubEnv(runVariable, newRun(process.pid))
    await expect(failingOnce(name, () => Promise.reject(new TypeError('oops')))).rejects.toThrow('oops')
    expect(await failingOnce(name, async () => 'pulled')).toBe('pulled')
  })

  it('is forgotten when the run has ended', async () => {
    const name = randomUUID()
    vi.stubEnv(runVariable, '999999999.1.ended')
    await expect(failingOnce(name, failing())).rejects.toThrow()
    await forgetEndedRuns()
    expect(await failingOnce(name, async () => 'pulled')).toBe('pulled')
  })
})
