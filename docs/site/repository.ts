import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout's top folder. Paths of files in it are relative to this one and have forward slashes. */
export const root: string = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '')

/** Where files that are no pages of the site can be looked at. */
export const repositoryUrl = 'https://github.com/waybill/waybill'

/** Where the pages are put together, for VitePress to build. */
export const siteFolder: string = join(root, 'docs', '.site')

/** Where VitePress leaves what it has built. */
export const builtFolder: string = join(root, 'docs', '.vitepress', 'dist')

export function find(...patterns: readonly string[]): readonly string[] {
  return globSync([...patterns], { cwd: root, exclude: ['**/node_modules/**', '**/dist/**'] })
    .map((file) => file.split(sep).join('/'))
    .toSorted()
}

export function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

export function isFile(file: string): boolean {
  return existsSync(join(root, file)) && statSync(join(root, file)).isFile()
}

export function isFolder(file: string): boolean {
  return existsSync(join(root, file)) && statSync(join(root, file)).isDirectory()
}
