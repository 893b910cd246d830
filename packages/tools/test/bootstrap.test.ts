import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { tasks } from '../bootstrap/tasks.mjs'
import { workspaceRoot } from '../src/workspace.ts'

interface Outcome {
  readonly code: number
  readonly stderr: string
}

interface Checkout {
  readonly root: string
  /** Runs a task with a registry where nobody listens and with an empty cache. */
  readonly run: (task: string, nodeArgs?: readonly string[]) => Promise<Outcome>
}

/** A checkout that holds the bootstrap and what it reads, and nothing that it has fetched. */
async function setup(): Promise<Checkout> {
  const root = mkdtempSync(join(tmpdir(), 'waybill-bootstrap-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const path of ['package.json', '.node-version', 'packages/tools/bootstrap', 'packages/tools/bootstrap.mjs']) {
    cpSync(join(workspaceRoot, path), join(root, path), { recursive: true })
  }
  const registry = `http://127.0.0.1:${await closedPort()}/`
  const env = {
    PATH: process.env['PATH'],
    HOME: root,
    npm_config_registry: registry,
    npm_config_cache: join(root, 'npm-cache'),
    npm_config_fetch_retries: '0',
    pnpm_config_fetch_retries: '0',
    pnpm_config_store_dir: join(root, 'pnpm-store'),
    pnpm_config_cache_dir: join(root, 'pnpm-cache'),
  }
  const run = (task: string, nodeArgs: readonly string[] = []): Promise<Outcome> =>
    new Promise((resolve) => {
      const args = [...nodeArgs, join(root, 'packages/tools/bootstrap.mjs'), task]
      execFile(process.execPath, args, { cwd: root, env }, (error, _stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stderr })
      })
    })
  return { root, run }
}

/** A port of this machine on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return address.port
}

/** Puts the pnpm of the real checkout in place, so that the next step is the installation. */
function giveToolchain(root: string): void {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { packageManager: string }
  mkdirSync(join(root, '.toolchain', 'bin'), { recursive: true })
  symlinkSync(join(workspaceRoot, '.toolchain', 'node_modules'), join(root, '.toolchain', 'node_modules'), 'junction')
  writeFileSync(join(root, '.toolchain', 'bin', process.platform === 'win32' ? 'node.exe' : 'node'), '')
  writeFileSync(join(root, '.toolchain', 'state.json'), JSON.stringify({ pnpm: packageManager.replace('pnpm@', '') }))
}

/** A workspace with one dependency, which a fresh machine has to fetch. */
function giveDependency(root: string): void {
  const manifest = {
    name: 'checkout',
    private: true,
    packageManager: packageManagerOf(root),
    dependencies: { zod: '4.6.7' },
  }
  writeFileSync(join(root, 'package.json'), JSON.stringify(manifest))
  writeFileSync(join(root, 'pnpm-workspace.yaml'), 'packages:\n  - none/*\npmOnFail: ignore\n')
  const importer = 'importers:\n  .:\n    dependencies:\n      zod:\n        specifier: 4.6.7\n        version: 4.6.7\n'
  const integrity = `sha512-${'A'.repeat(86)}==`
  const entry = `packages:\n  zod@4.6.7:\n    resolution: {integrity: ${integrity}}\nsnapshots:\n  zod@4.6.7: {}\n`
  writeFileSync(join(root, 'pnpm-lock.yaml'), `lockfileVersion: '9.0'\n${importer}${entry}`)
}

function packageManagerOf(root: string): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { packageManager: string }).packageManager
}

describe('bootstrap', () => {
  it('says in one message that npm could not fetch the tools', async () => {
    const { run } = await setup()
    const { code, stderr } = await run('test')
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^waybill: getting .*pnpm@\S+ \(once\)\nwaybill: npm could not get .*pnpm@\S+: .*ECONNREFUSED.*\n {2}Check /,
    )
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  it('says in one message that pnpm could not install', async () => {
    const { root, run } = await setup()
    giveToolchain(root)
    giveDependency(root)
    const { code, stderr } = await run('test')
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^waybill: installing dependencies\nwaybill: pnpm could not install the dependencies: .*refused.*\n {2}Check /,
    )
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  it('tells a Node that is too old what to do', async () => {
    const { run } = await setup()
    const pretend = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'16.20.2'}})`
    const { code, stderr } = await run('test', ['--import', pretend])
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^waybill: this is Node 16\.20\.2, and the set-up needs Node 18 or newer to start\n {2}Install /,
    )
  })

  it('has a task for every root script, and a script for every task', () => {
    const { scripts } = JSON.parse(readFileSync(join(workspaceRoot, 'package.json'), 'utf8')) as { scripts: object }
    const expected = Object.keys(tasks).map((name) => [name, `node packages/tools/bootstrap.mjs ${name}`])
    expect(scripts).toEqual(Object.fromEntries(expected))
  })

  it('names the tasks when asked for one that does not exist', async () => {
    const { run } = await setup()
    const { code, stderr } = await run('nonsense')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^waybill: there is no task "nonsense"\n {2}Tasks: start, test, /)
  })
})
