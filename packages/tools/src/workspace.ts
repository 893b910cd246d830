import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout's top folder. */
export const workspaceRoot: string = fileURLToPath(new URL('../../..', import.meta.url)).replace(/[\\/]$/, '')

/** What we read of a package.json. */
export interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly engines: { readonly node: string }
  readonly exports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** A package of the workspace: its folder relative to the top, with forward slashes, and its manifest. */
export interface WorkspacePackage {
  readonly folder: string
  readonly manifest: Manifest
}

/** The command of a tool that this package depends on. */
export function localBinary(name: string): string {
  return join(
    workspaceRoot,
    'packages',
    'tools',
    'node_modules',
    '.bin',
    process.platform === 'win32' ? `${name}.cmd` : name,
  )
}

/** The packages that are published, each after those it depends on. */
export function publishedPackages(): readonly WorkspacePackage[] {
  const all = globSync('{packages/*,adapters/*,conformance}/package.json', { cwd: workspaceRoot })
    .map((file) => ({ folder: dirname(file).split(sep).join('/'), manifest: readManifest(dirname(file)) }))
    .filter(({ manifest }) => manifest.private !== true)
    .toSorted((left, right) => left.folder.localeCompare(right.folder))
  return inDependencyOrder(all)
}

/** The adapters' folders, relative to the top. */
export function adapterFolders(): readonly string[] {
  return globSync('adapters/*', { cwd: workspaceRoot })
    .map((folder) => folder.split(sep).join('/'))
    .filter((folder) => existsSync(join(workspaceRoot, folder, 'package.json')))
    .toSorted()
}

/** Reads the manifest in a folder that is given relative to the top. */
export function readManifest(folder: string, root: string = workspaceRoot): Manifest {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest
}

/** Sorts packages so that each comes after the packages of the list that it needs at run time. */
export function inDependencyOrder(packages: readonly WorkspacePackage[]): readonly WorkspacePackage[] {
  const ordered = new Set<WorkspacePackage>()
  const visit = (one: WorkspacePackage): void => {
    const needed = { ...one.manifest.dependencies, ...one.manifest.peerDependencies }
    for (const other of packages)
      if (other !== one && other.manifest.name in needed && !ordered.has(other)) visit(other)
    ordered.add(one)
  }
  for (const one of packages) visit(one)
  return [...ordered]
}
