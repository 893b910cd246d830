import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const file = fileURLToPath(new URL('stop-on-signals.ts', import.meta.url))

/** A process that stops `first` and `second` on SIGTERM, and prints what happens. */
function start(second: string) {
  const script = `
    import { stopOnSignals } from ${JSON.stringify(file)}
    const alive = setInterval(() => undefined, 1000)
    const first = { stop: async () => console.log('first') }
    const second = { stop: async () => { ${second} } }
    stopOnSignals([first, second])
    console.log('ready')
    const end = () => clearInterval(alive)
  `
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], { stdio: 'pipe' })
  const lines: string[] = []
  child.stdout.on('data', (data: Buffer) => lines.push(...data.toString().trim().split('\n')))
  return {
    child,
    lines,
    said: (line: string) =>
      until(
        () => lines.includes(line),
        () => once(child.stdout, 'data'),
      ),
  }
}

async function until(condition: () => boolean, next: () => Promise<unknown>): Promise<void> {
  while (!condition()) await next()
}

test('stops everything in order, and the process ends', async () => {
  const { child, lines, said } = start("console.log('second'); end()")
  await said('ready')
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(lines).toEqual(['ready', 'first', 'second'])
})

test('a failure to stop is told and makes the exit code 1', async () => {
  const { child, said } = start("end(); throw new Error('stuck')")
  await said('ready')
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([1, null])
})

test('a second signal ends it at once', async () => {
  const { child, said } = start('await new Promise(() => undefined)')
  await said('ready')
  child.kill('SIGTERM')
  await said('first')
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([null, 'SIGTERM'])
})
