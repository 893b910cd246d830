import { runCommand } from '../command.ts'
import { type StageResult, singleCheck, total } from '../test/stage.ts'
import { localBinary } from '../workspace.ts'
import type { PackedPackage } from './pack.ts'

/** Judges a packed package as its users and their tools will find it: by publint, and by attw for ESM-only packages. */
export async function lintPackage(
  { manifest, tarball }: PackedPackage,
  progress: (line: string) => void,
): Promise<StageResult> {
  progress(`checking ${manifest.name}`)
  const [published, types] = await Promise.all([
    runCommand(localBinary('publint'), [tarball, '--strict']),
    runCommand(localBinary('attw'), [tarball, '--profile', 'esm-only', '--no-color', '--no-emoji']),
  ])
  return total([
    singleCheck(published.ok, `publint, ${manifest.name}\n${published.output}`),
    singleCheck(types.ok, `attw, ${manifest.name}\n${types.output}`),
  ])
}
