import { cp, mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { nodePackageFor, thisMachine } from '../../bootstrap/platform.mjs'
import { runCommand } from '../command.ts'
import { type StageResult, singleCheck, total } from '../test/stage.ts'
import { readManifest } from '../workspace.ts'
import type { PackedPackage } from './pack.ts'

const fixture = new URL('../../fixtures/consumer/', import.meta.url)
const require = createRequire(import.meta.url)

/**
 * Installs the tarballs into an empty project with plain npm, compiles a small program against them and runs it, with
 * this Node and with the oldest one that the packages promise to support.
 */
export async function tryAsConsumer(
  packed: readonly PackedPackage[],
  folder: string,
  progress: (line: string) => void,
): Promise<StageResult> {
  await mkdir(folder)
  await cp(fixture, folder, { recursive: true })
  progress('installing the packed packages with npm')
  const compilers = ['typescript', '@types/node'].map((name) => `${name}@${installedVersion(name)}`)
  const installed = await npmInstall(folder, [...packed.map(({ tarball }) => tarball), ...compilers])
  if (!installed.ok) return singleCheck(false, `npm could not install the packed packages\n${installed.output}`)

  progress('compiling and running a program that uses them')
  const compiled = await runCommand(join(folder, 'node_modules', '.bin', 'tsc'), ['-p', folder], { cwd: folder })
  if (!compiled.ok) return singleCheck(false, `types do not resolve for a consumer\n${compiled.output}`)
  const run = await runCommand(process.execPath, ['main.js'], { cwd: folder, timeoutMs: 60_000 })
  return total([
    singleCheck(true, ''),
    singleCheck(run.ok, `a program that uses the packed packages failed\n${run.output}`),
    await runOnOldestNode(folder),
  ])
}

async function runOnOldestNode(folder: string): Promise<StageResult> {
  const oldest = `${/\d+\.\d+/.exec(readManifest('packages/core').engines.node)?.[0]}.0`
  const nodePackage = nodePackageFor(oldest, thisMachine())
  const { ok, output } = await npmInstall(folder, [`${nodePackage}@${oldest}`])
  if (!ok) {
    const unpublished = /\b(E404|ETARGET)\b/.test(output)
    if (!unpublished) return singleCheck(false, `npm could not install ${nodePackage}@${oldest}\n${output}`)
    const skip = {
      name: `packed packages on Node ${oldest}`,
      reason: `${nodePackage}@${oldest} is not on the registry`,
    }
    return { passed: 0, failed: 0, skipped: [skip], output: '' }
  }
  const node = join(folder, 'node_modules', nodePackage, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  const run = await runCommand(node, ['main.js'], { cwd: folder, timeoutMs: 60_000 })
  return singleCheck(run.ok, `a program that uses the packed packages failed on Node ${oldest}\n${run.output}`)
}

/** npm as the user has it: the one that runs us, else the one on the PATH. */
async function npmInstall(folder: string, packages: readonly string[]): ReturnType<typeof runCommand> {
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  const started = process.env['npm_execpath']
  const ownNpm = started !== undefined && basename(started) === 'npm-cli.js' ? [process.execPath, started] : ['npm']
  const [file = 'npm', ...args] = [...ownNpm, 'install', ...flags, '--prefix', folder, ...packages]
  return await runCommand(file, args, { cwd: folder })
}

function installedVersion(name: string): string {
  return (require(`${name}/package.json`) as { version: string }).version
}
