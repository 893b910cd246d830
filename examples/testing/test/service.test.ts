import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { servicesOf } from '../src/index.ts'

function exampleWith(program: string) {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-example-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'package.json'), '{"scripts":{"one":"node one.mjs"}}')
  writeFileSync(join(folder, 'one.mjs'), program)
  return servicesOf(folder, { GREETING: 'hello' })
}

const waits = 'console.log(process.env.GREETING); setInterval(() => undefined, 1000);'

test('a service is ready when it says so, and is killed', async () => {
  const start = exampleWith(waits)
  const service = await start('one', /hello/)
  expect(await service.kill()).toMatchObject({ code: null, signal: 'SIGKILL' })
})

test('a service that is asked to end answers with its exit code', async () => {
  const start = exampleWith(`process.on('SIGTERM', () => process.exit(7)); ${waits}`)
  const service = await start('one', /hello/)
  expect(await service.terminate()).toMatchObject({ code: 7, signal: null })
})

test('a service gets its input', async () => {
  const start = exampleWith('process.stdin.pipe(process.stdout)')
  const service = await start('one', /order/, { input: 'an order' })
  expect(await service.ended).toMatchObject({ code: 0 })
})

test('a service that ends before it is ready is an error with what it has said', async () => {
  const start = exampleWith("console.error('no database'); process.exit(1)")
  await expect(start('one', /hello/)).rejects.toThrow(/'one' ended before it was ready:\nno database/)
})

test('a script that is not there is an error', async () => {
  await expect(exampleWith(waits)('two', /hello/)).rejects.toThrow("package.json has no script 'two' that runs node")
})
