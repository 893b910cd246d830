import { cp, mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { nodePackageFor, thisMachine } from '../../bootstrap/platform.mjs'
import { runCommand } from '../command.ts'
import { type StageResult, singleCheck, total } from '../test/stage.ts'
import { readManifest } from '../workspace.ts'
import { installedVersion } from './installed-version.ts'
import type { PackedPackage } from './pack.ts'

const fixture = new URL('../../fixtures/consumer/', import.meta.url)

/** The fixture's programs, each with the package that promises the most about Node of those that it uses. */
const programs = [
  { file: 'memory.js', packageFolder: 'adapters/memory' },
  { file: 'sqlite.js', packageFolder: 'adapters/sqlite' },
]

/**
 * Installs the tarballs into an empty project with plain npm, compiles small programs against them and runs each, with
 * this Node and with the oldest one that its packages promise to support.
 */
export async function tryAsConsumer(
  packed: readonly PackedPackage[],
  folder: string,
  progress: (line: string) => void,
): Promise<StageResult> {
  await mkdir(folder)
  await cp(fixture, folder, { recursive: true })
  progress('installing the packed packages with npm')
  const beside = ['typescript', '@types/node', 'zod'].map((name) => `${name}@${installedVersion(name)}`)
  const installed = await npmInstall(folder, [...packed.map(({ tarball }) => tarball), ...beside])
  if (!installed.ok) return singleCheck(false, `npm could not install the packed packages\n${installed.output}`)

  progress('compiling programs that use them')
  const compiled = await runCommand(join(folder, 'node_modules', '.bin', 'tsc'), ['-p', folder], { cwd: folder })
  if (!compiled.ok) return singleCheck(false, `types do not resolve for a consumer\n${compiled.output}`)
  const results = [singleCheck(true, '')]
  for (const { file, packageFolder } of programs) {
    progress(`running ${file}`)
    results.push(await runProgram(folder, file, process.execPath, process.versions.node))
    results.push(await runOnOldestNode(folder, file, packageFolder))
  }
  return total(results)
}

async function runProgram(folder: string, file: string, node: string, version: string): Promise<StageResult> {
  const { ok, output } = await runCommand(node, [file], { cwd: folder, timeoutMs: 60_000 })
  return singleCheck(ok, `${file}, which uses the packed packages, failed on Node ${version}\n${output}`)
}

async function runOnOldestNode(folder: string, file: string, packageFolder: string): Promise<StageResult> {
  const oldest = `${/\d+\.\d+/.exec(readManifest(packageFolder).engines.node)?.[0]}.0`
  const nodePackage = nodePackageFor(oldest, thisMachine())
  const { ok, output } = await npmInstall(folder, [`${nodePackage}@${oldest}`])
  if (ok) {
    const node = join(folder, 'node_modules', nodePackage, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    return await runProgram(folder, file, node, oldest)
  }
  const isUnpublished = /\b(E404|ETARGET)\b/.test(output)
  if (!isUnpublished) return singleCheck(false, `npm could not install ${nodePackage}@${oldest}\n${output}`)
  const skip = { name: `${file} on Node ${oldest}`, reason: `${nodePackage}@${oldest} is not on the registry` }
  return { passed: 0, failed: 0, skipped: [skip], output: '' }
}

/** npm as the user has it: the one that runs us, else the one on the PATH. */
async function npmInstall(folder: string, packages: readonly string[]): ReturnType<typeof runCommand> {
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  const started = process.env['npm_execpath']
  const ownNpm = started !== undefined && basename(started) === 'npm-cli.js' ? [process.execPath, started] : ['npm']
  const [file = 'npm', ...args] = [...ownNpm, 'install', ...flags, '--prefix', folder, ...packages]
  return await runCommand(file, args, { cwd: folder })
}
