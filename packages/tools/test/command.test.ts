import { describe, expect, it } from 'vitest'
import { runCommand } from '../src/command.ts'

const node = process.execPath

describe('runCommand', () => {
  it('keeps standard output apart, and both streams together', async () => {
    const program = `console.log('one'); console.error('two')`
    const { ok, stdout, output } = await runCommand(node, ['-e', program])
    expect(ok).toBe(true)
    expect(stdout).toBe('one\n')
    expect(output.split('\n').toSorted()).toEqual(['', 'one', 'two'])
  })

  it('reports a command that fails, and one that does not exist', async () => {
    expect((await runCommand(node, ['-e', 'process.exit(3)'])).ok).toBe(false)
    const missing = await runCommand('waybill-has-no-such-command', [])
    expect(missing).toMatchObject({ ok: false, output: expect.stringContaining('ENOENT') })
  })

  it('hands on lines as they come', async () => {
    const lines: string[] = []
    await runCommand(node, ['-e', `console.log('one'); console.log('two')`], { onLine: (line) => lines.push(line) })
    expect(lines).toEqual(['one', 'two'])
  })

  it('stops what takes too long, with what it has started', async () => {
    // The grandchild holds our pipe open: without its end there is no result.
    const program = `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })`
    const { ok, output } = await runCommand(node, ['-e', program], { timeoutMs: 500 })
    expect(ok).toBe(false)
    expect(output).toMatch(/stopped: it ran for more than 0\.5 s\n\nended by SIGKILL\n$/)
  })
})
