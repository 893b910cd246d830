import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '../command.ts'
import { type StageResult, singleCheck, total } from '../test/stage.ts'
import { installedVersion } from './installed-version.ts'
import type { PackedPackage } from './pack.ts'

const kinds = ['storage', 'broker'] as const
const npmFlags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']

interface Trial {
  readonly folder: string
  readonly tarballOf: (name: string) => string
  readonly progress: (line: string) => void
}

/**
 * Does as the author of an adapter would: makes a package of each kind by the packed generator, installs the packed contracts,
 * rules and memory adapter into it, compiles and builds it, and reads what its suite says.
 */
export async function tryAdapterTemplates(
  packed: readonly PackedPackage[],
  folder: string,
  progress: (line: string) => void,
): Promise<StageResult> {
  const tarballOf = (name: string): string => {
    const found = packed.find(({ manifest }) => manifest.name === name)
    if (found === undefined) throw new Error(`${name} was not packed`)
    return found.tarball
  }
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n')
  const trial = { folder, tarballOf, progress }
  const installed = await npm(trial, folder, ['install', ...npmFlags, tarballOf('create-waybill-adapter')])
  if (!installed.ok) return singleCheck(false, `npm could not install create-waybill-adapter\n${installed.output}`)
  const results: StageResult[] = []
  for (const kind of kinds) results.push(await tryKind(kind, trial))
  return total(results)
}

async function tryKind(kind: (typeof kinds)[number], trial: Trial): Promise<StageResult> {
  const name = `waybill-pigeon-${kind}`
  const made = await npm(trial, trial.folder, [
    'exec',
    '--offline',
    '--',
    'create-waybill-adapter',
    name,
    '--kind',
    kind,
  ])
  if (!made.ok) return singleCheck(false, `the ${kind} could not be made\n${made.output}`)
  const folder = join(trial.folder, name)
  trial.progress(`installing what a new ${kind} asks for`)
  const ours = ['@waybill/core', '@waybill/conformance', '@waybill/memory'].map(trial.tarballOf)
  const others = ['typescript', '@types/node', 'vitest'].map((tool) => `${tool}@${installedVersion(tool)}`)
  const installed = await npm(trial, folder, ['install', '--save-dev', ...npmFlags, ...ours, ...others])
  if (!installed.ok) return singleCheck(false, `a new ${kind} cannot be installed\n${installed.output}`)
  const results: StageResult[] = []
  for (const script of ['check', 'build']) {
    const { ok, output } = await npm(trial, folder, ['run', script])
    results.push(singleCheck(ok, `npm run ${script} of a new ${kind} failed\n${output}`))
  }
  const problem = await problemOfSuite(folder, trial)
  results.push(singleCheck(problem === undefined, `the suite of a new ${kind}: ${problem}`))
  return total(results)
}

/** It fails, as long as nothing is written; each rule that fails has to say what is missing. */
async function problemOfSuite(folder: string, trial: Trial): Promise<string | undefined> {
  const report = join(folder, 'report.json')
  const { output } = await npm(trial, folder, ['test', '--', '--reporter=json', `--outputFile=${report}`])
  const text = await readFile(report, 'utf8').catch(() => undefined)
  if (text === undefined) return `it did not run\n${output}`
  const { testResults } = JSON.parse(text) as VitestReport
  const failures = testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'failed'),
  )
  if (failures.length === 0) return `no rule has failed\n${output}`
  const silent = failures.filter(({ failureMessages }) => !/is not written yet: it must/.test(failureMessages.join()))
  return silent.length === 0
    ? undefined
    : silent.map(({ title, failureMessages }) => `${title}\n${failureMessages.join('\n')}`).join('\n')
}

interface VitestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly title: string
      readonly status: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

function npm({ progress }: Trial, cwd: string, args: readonly string[]): ReturnType<typeof runCommand> {
  return runCommand('npm', args, { cwd, onLine: progress, timeoutMs: 300_000 })
}
