import { join } from 'node:path'
import { runCommand } from '../command.ts'
import { publishedPackages, type WorkspacePackage, workspaceRoot } from '../workspace.ts'

/** A package as it would be published. */
export interface PackedPackage extends WorkspacePackage {
  readonly tarball: string
}

/** Packs every published package into a folder; what was built before is what goes in. */
export async function packPackages(
  destination: string,
  progress: (line: string) => void,
): Promise<readonly PackedPackage[]> {
  const packed: PackedPackage[] = []
  for (const one of publishedPackages()) {
    progress(`packing ${one.manifest.name}`)
    const tarball = join(destination, `${one.manifest.name.replace('@', '').replace('/', '-')}.tgz`)
    const { ok, output } = await runCommand('pnpm', ['pack', '--out', tarball], {
      cwd: join(workspaceRoot, one.folder),
    })
    if (!ok) throw new Error(`pnpm could not pack ${one.folder}\n${output}`)
    packed.push({ ...one, tarball })
  }
  return packed
}
