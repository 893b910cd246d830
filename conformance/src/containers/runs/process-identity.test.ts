import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { identityOf, isRunning } from './process-identity.ts'

describe('isRunning', () => {
  it('knows a process that runs', () => {
    expect(isRunning(identityOf(process.pid))).toBe(true)
  })

  it('knows one that has ended', async () => {
    const child = spawn(process.execPath, ['--eval', ''])
    const identity = identityOf(child.pid ?? 0)
    await once(child, 'exit')
    expect(isRunning(identity)).toBe(false)
  })

  it.runIf(process.platform === 'linux')('does not take a process for one that had the same number before', () => {
    expect(isRunning(`${process.pid}.1`)).toBe(false)
  })
})
