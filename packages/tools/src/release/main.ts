import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildPackages } from '../build/build.ts'
import { type StageResult, singleCheck, total } from '../test/stage.ts'
import { lintPackage } from './lint-package.ts'
import { packPackages } from './pack.ts'
import { publishLocally } from './publish-locally.ts'
import { startRegistry } from './registry.ts'
import { tryFromRegistry } from './try-from-registry.ts'
import { tryTutorial } from './try-tutorial.ts'

const usage = `Usage: npm run release -- --dry-run

Builds, packs and judges every package, publishes all of them to a registry that runs only meanwhile, and installs them from
there with npm and pnpm as a user would. Nothing leaves this machine: releases are published by .github/workflows/release.yml.
`

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { 'dry-run': { type: 'boolean' }, help: { type: 'boolean' } },
  })
  if (values.help || !values['dry-run']) {
    console.log(usage)
    return values.help ? 0 : 1
  }
  const { passed, failed, skipped, output } = await rehearse((line) => console.log(line))
  if (output !== '') console.error(output)
  for (const { name, reason } of skipped) console.log(`skipped: ${name} (${reason})`)
  console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`)
  return failed === 0 ? 0 : 1
}

async function rehearse(progress: (line: string) => void): Promise<StageResult> {
  const built = await buildPackages(progress)
  if (!built.ok) return singleCheck(false, built.output)
  const folder = await mkdtemp(join(tmpdir(), 'waybill-release-'))
  try {
    const packed = await packPackages(folder, progress)
    const results: StageResult[] = [singleCheck(true, '')]
    for (const one of packed) results.push(await lintPackage(one, progress))
    await using registry = await startRegistry(join(folder, 'registry'))
    await publishLocally(packed, registry.url, folder, progress)
    results.push(await tryFromRegistry({ folder, registry: registry.url, progress }))
    results.push(await tryTutorial(registry.url, progress))
    return total(results)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
