import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'

/** A checkout in which everything is missing but a core that is not ours. */
async function otherCheckout(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-old-build-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const core = join(folder, 'adapters/sqlite/node_modules/@waybill/core')
  await mkdir(core, { recursive: true })
  await writeFile(join(folder, 'adapters/sqlite/package.json'), '{}')
  await writeFile(join(core, 'package.json'), JSON.stringify({ type: 'module', exports: './index.js' }))
  await writeFile(join(core, 'index.js'), 'export const old = true')
  return folder
}

async function exportsOfCore(args: readonly string[], env: Readonly<Record<string, string>>): Promise<unknown> {
  const file = fileURLToPath(new URL('old-build/exports-of-core.ts', import.meta.url))
  const options = { env: { ...process.env, ...env } }
  const all = ['--conditions=@waybill/source', '--no-warnings', ...args, file]
  const { stdout } = await promisify(execFile)(process.execPath, all, options)
  return JSON.parse(stdout)
}

it('takes Waybill from another checkout', async () => {
  const hook = new URL('../src/relay/old-build.ts', import.meta.url).href
  const env = { WAYBILL_CRASH_OLD_BUILD: await otherCheckout() }
  expect(await exportsOfCore(['--import', hook], env)).toEqual(['old'])
  expect(await exportsOfCore([], {})).toContain('Relay')
})
