import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type AdapterKind, adapterNames, generateAdapter } from '../src/index.ts'

const modules = fileURLToPath(new URL('../node_modules/', import.meta.url))
const conditions = ['@waybill/source', 'module', 'node', 'development|production']

/** What Vitest's reporter in JSON says of a test. */
export interface TestReport {
  readonly title: string
  readonly status: 'passed' | 'failed' | 'skipped' | 'pending'
  readonly failureMessages: readonly string[]
}

/** A package that has been made in an empty folder, with the packages of the workspace for those it asks for. */
export interface Generated extends AsyncDisposable {
  readonly folder: string
  readonly files: readonly string[]
  read(file: string): Promise<string>
  /** Its own compiler by its own settings; rejects with what it complains of. */
  check(): Promise<void>
  /** Its own tests. */
  test(): Promise<readonly TestReport[]>
}

export async function generate(kind: AdapterKind, packageName: string): Promise<Generated> {
  const parent = await mkdtemp(join(tmpdir(), 'waybill-adapter-'))
  const names = adapterNames(packageName)
  if (names === null) throw new RangeError(`${packageName} is no name`)
  const folder = join(parent, names.folder)
  const files = await generateAdapter({ kind, names, folder })
  await linkModules(folder)
  const read = (file: string): Promise<string> => readFile(join(folder, file), 'utf8')
  return {
    folder,
    files,
    read,
    async check() {
      // What is linked has sources, and its users have what is made of them.
      const fromSources = ['--customConditions', '@waybill/source', '--pretty', 'false']
      await run(folder, join(modules, 'typescript/bin/tsc'), fromSources)
    },
    async test() {
      const resolve = { conditions }
      await writeFile(join(parent, 'config.mjs'), `export default ${JSON.stringify({ resolve, ssr: { resolve } })}\n`)
      const report = join(parent, 'report.json')
      const reporting = ['--reporter=json', `--outputFile=${report}`, `--config=${join(parent, 'config.mjs')}`]
      // It fails, as long as something is missing.
      await run(folder, join(modules, 'vitest/vitest.mjs'), ['run', `--root=${folder}`, ...reporting]).catch(() => null)
      const { testResults } = JSON.parse(await readFile(report, 'utf8')) as VitestReport
      return testResults.flatMap(({ assertionResults }) => assertionResults)
    },
    [Symbol.asyncDispose]: () => rm(parent, { recursive: true, force: true }),
  }
}

interface VitestReport {
  readonly testResults: readonly { readonly assertionResults: readonly TestReport[] }[]
}

async function linkModules(folder: string): Promise<void> {
  await mkdir(join(folder, 'node_modules'))
  for (const name of ['@waybill', '@types', 'typescript', 'vitest']) {
    await symlink(join(modules, name), join(folder, 'node_modules', name), 'junction')
  }
}

async function run(cwd: string, program: string, args: readonly string[]): Promise<void> {
  const env = { ...process.env, NODE_OPTIONS: '--conditions=@waybill/source' }
  const ended = promisify(execFile)(process.execPath, [program, ...args], { cwd, env, maxBuffer: 2 ** 26 })
  await ended.catch((error: { stdout?: string; stderr?: string }) => {
    throw new Error(`${program} failed\n${error.stdout}${error.stderr}`, { cause: error })
  })
}
