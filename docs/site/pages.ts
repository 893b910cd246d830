import { dirname } from 'node:path/posix'
import { find } from './repository.ts'

/** Files of the checkout that are pages of the site, with the page that each becomes. */
export function sitePages(): ReadonlyMap<string, string> {
  const files = find(
    'docs/**/*.md',
    '{packages/core,packages/create-adapter,adapters/*,conformance}/README.md',
    'examples/*/README.md',
    'CONTRIBUTING.md',
  )
  return new Map(files.map((file) => [file, pageOf(file)]))
}

function pageOf(file: string): string {
  if (file === 'CONTRIBUTING.md') return 'contributing.md'
  if (file.startsWith('docs/')) return file.slice('docs/'.length).replace(/README\.md$/, 'index.md')
  const folder = dirname(file)
  if (folder.startsWith('examples/')) return `${folder}.md`
  return `packages/${folder.slice(folder.lastIndexOf('/') + 1)}.md`
}
