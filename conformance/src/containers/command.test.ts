import { describe, expect, it } from 'vitest'
import { causeIn, command } from './command.ts'

describe('command', () => {
  it('answers what a program said and whether it went well', async () => {
    const script = 'console.log("out"); console.error("err"); process.exit(3)'
    const { ok, stdout, output } = await command(process.execPath, ['--eval', script])
    expect({ ok, stdout, output }).toEqual({ ok: false, stdout: 'out\n', output: 'out\nerr\n' })
  })

  it('answers why a program could not start', async () => {
    const { ok, output } = await command('no-such-program', [])
    expect(ok).toBe(false)
    expect(output).toContain('no-such-program')
  })

  it('stops one that takes too long, and says so', async () => {
    const args = ['--eval', 'setInterval(() => {}, 1000)']
    const { ok, output } = await command(process.execPath, args, { timeoutMs: 50 })
    expect({ ok, output }).toEqual({ ok: false, output: 'stopped after 50 ms\n' })
  })
})

describe('causeIn', () => {
  it.each([
    ['the first error of apt', 'Reading…\nE: Unable to locate package x\nE: Other\n', 'E: Unable to locate package x'],
    ['else the last line', 'info\nfailed to start daemon: no cgroup\n\n', 'failed to start daemon: no cgroup'],
    ['even if there is none', '', 'it said nothing'],
  ])('finds %s', (_, output, cause) => {
    expect(causeIn(output)).toBe(cause)
  })
})
