import { existsSync, readdirSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AdapterKind, AdapterNames } from './names.ts'

const packageFolder = fileURLToPath(new URL('..', import.meta.url))

/** What is to be made, and where. */
export interface AdapterPlan {
  readonly kind: AdapterKind
  readonly names: AdapterNames
  /** Made if it is not there; refused if something is in it. */
  readonly folder: string
}

/** The folder is in use: nothing was written. */
export class FolderInUseError extends Error {}

/**
 * Writes the package of a new adapter; answers its files, by their paths in it.
 *
 * @throws {@link FolderInUseError} if the folder holds anything.
 */
export async function generateAdapter(plan: AdapterPlan): Promise<readonly string[]> {
  if (existsSync(plan.folder) && readdirSync(plan.folder).length > 0) {
    throw new FolderInUseError(`${plan.folder} is not empty: give another name, or another folder with --folder`)
  }
  const template = join(packageFolder, 'templates', plan.kind)
  const version = await ownVersion()
  const files = await filesIn(template)
  const written = files.map(async (file) => {
    const text = await readFile(join(template, file), 'utf8')
    const target = fileName(file)
    await mkdir(dirname(join(plan.folder, target)), { recursive: true })
    await writeFile(join(plan.folder, target), fillIn(text, plan.names, version))
    return target
  })
  return await Promise.all(written)
}

/** Also those of packages that belong together with this one: they are released with the same version. */
async function ownVersion(): Promise<string> {
  const manifest = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')) as { version: string }
  return manifest.version
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted()
}

/** npm packs no .gitignore, and a package.json below another means something to tools. */
function fileName(file: string): string {
  return file === '_gitignore' ? '.gitignore' : file === '_package.json' ? 'package.json' : file
}

/** The templates are the package of a server named Acme. */
function fillIn(text: string, names: AdapterNames, version: string): string {
  return text
    .replaceAll('waybill-acme', names.packageName)
    .replaceAll('Acme', names.pascal)
    .replaceAll(/\bacme(?=[A-Z])/g, names.camel)
    .replaceAll('acme', names.name)
    .replaceAll('0.0.0-waybill', version)
}
