import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '../command.ts'
import type { PackedPackage } from './pack.ts'

/** Publishes tarballs to a registry of this machine, each after those it depends on. */
export async function publishLocally(
  packed: readonly PackedPackage[],
  registry: string,
  folder: string,
  progress: (line: string) => void,
): Promise<void> {
  const settings = join(folder, 'publish.npmrc')
  // npm publishes nothing without a token; the registry takes any.
  await writeFile(settings, `registry=${registry}\n${registry.replace(/^http:/, '')}:_authToken=rehearsal\n`)
  for (const { manifest, tarball } of packed) {
    progress(`publishing ${manifest.name} to the local registry`)
    const { ok, output } = await runCommand('npm', ['publish', tarball, '--userconfig', settings], { cwd: folder })
    if (!ok) throw new Error(`npm could not publish ${manifest.name} to the local registry\n${output}`)
  }
}
